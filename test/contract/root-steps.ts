// Steps of the contract of roots: what its cases do with a root, by paths.
import { readWhole } from '../../src/root/opened.ts';
import type { IfMatch, OpenDirectory, OpenFile, Root, Segments } from '../../src/root/root.ts';

/** Files by their names, joined with slashes. */
export type Files = Readonly<Record<string, Uint8Array>>;

export type MakeRoot = (files: Files) => Promise<Root>;

const namesOf = (path: string): Segments => (path === '' ? [] : path.split('/'));

export async function openFile(root: Root, path: string): Promise<OpenFile> {
  const opened = await root.open(namesOf(path));
  if (opened.kind !== 'file') throw new Error(`${path}: is a directory`);
  return opened;
}

export async function openDirectory(root: Root, path: string): Promise<OpenDirectory> {
  const opened = await root.open(namesOf(path));
  if (opened.kind !== 'directory') throw new Error(`${path}: is a file`);
  return opened;
}

export async function contentOf(root: Root, path: string): Promise<string> {
  const file = await openFile(root, path);
  const bytes = await readWhole(file);
  await file.close();
  return bytes.toString();
}

export async function put(
  root: Root,
  path: string,
  text: string,
  ifMatch?: IfMatch,
): Promise<string> {
  const directory = await root.parentOf(namesOf(path), true);
  const draft = await directory.draft(path.split('/').at(-1)!);
  try {
    await draft.write([Buffer.from(text)], 0);
    return (await draft.publish(ifMatch)).stamp;
  } finally {
    await draft.close();
    await directory.close();
  }
}

export async function remove(root: Root, path: string): Promise<number> {
  const directory = await root.parentOf(namesOf(path), false);
  try {
    return await directory.remove(path.split('/').at(-1)!);
  } finally {
    await directory.close();
  }
}

export async function listed(root: Root, path: string) {
  const directory = await openDirectory(root, path);
  const entries = [];
  for await (const some of directory.list()) entries.push(...some);
  await directory.close();
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
