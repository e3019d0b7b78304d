// What a mirrored directory held after the last run: a hidden file in it, so that the
// next run moves only what changed. A file counts as unchanged when the hub lists the
// CID that it was fetched with and its length, time and inode are still those; whatever
// else is asked for anew, and then hashed where it is before a byte moves. Losing the
// record costs that hashing. It is written aside and renamed.
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fileError } from '../runtime/errors.ts';
import type { RemoteFile } from './remote-tree.ts';

const TREE_RECORD_NAME = '.hubswarm-mirror.json';

const fileSchema = z.object({
  cid: z.string(),
  bytes: z.number(),
  mtimeMs: z.number(),
  inode: z.number(),
});
const recordSchema = z.object({ files: z.record(z.string(), fileSchema) });
type FileRecord = z.infer<typeof fileSchema>;

export class TreeRecord {
  readonly #directory: string;
  readonly #before: ReadonlyMap<string, FileRecord>;
  readonly #now = new Map<string, FileRecord>();

  private constructor(directory: string, before: ReadonlyMap<string, FileRecord>) {
    this.#directory = directory;
    this.#before = before;
  }

  static async read(directory: string): Promise<TreeRecord> {
    const text = await readFile(join(directory, TREE_RECORD_NAME), 'utf8').catch(() => '{}');
    return new TreeRecord(directory, new Map(Object.entries(parse(text))));
  }

  async isUnchanged({ path, cid, bytes }: RemoteFile): Promise<boolean> {
    const known = this.#before.get(path);
    if (!known || known.cid !== cid || known.bytes !== bytes) return false;
    const found = await stat(join(this.#directory, path)).catch(() => undefined);
    const same =
      found?.isFile() === true &&
      found.size === bytes &&
      found.mtimeMs === known.mtimeMs &&
      found.ino === known.inode;
    if (same) this.#now.set(path, known);
    return same;
  }

  /** After a file got its name. */
  async note(path: string, cid: string): Promise<void> {
    const { size, mtimeMs, ino } = await stat(join(this.#directory, path));
    this.#now.set(path, { cid, bytes: size, mtimeMs, inode: ino });
  }

  async save(): Promise<void> {
    const path = join(this.#directory, TREE_RECORD_NAME);
    const aside = `${path}.${process.pid}`;
    try {
      await writeFile(aside, `${JSON.stringify({ files: Object.fromEntries(this.#now) })}\n`);
      await rename(aside, path);
    } catch (error) {
      throw fileError(error, path);
    }
  }
}

function parse(text: string): Record<string, FileRecord> {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data?.files ?? {};
  } catch {
    return {};
  }
}
