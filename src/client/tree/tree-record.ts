// The record of a mirrored directory after the last run: a hidden file in it, so that the next run
// moves only what changed. A file counts as unchanged if the hub lists the CID with which it was
// fetched, and its length, inode and times are the same. Another file of the right length is hashed
// before a byte moves. Losing the record costs that hashing. It is written aside and renamed.
import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import type { LocalEntry } from './local-entry.ts';
import type { RemoteFile } from './remote/remote-tree.ts';

export const TREE_RECORD_NAME = '.hubswarm-mirror.json';
/** Opens no link and no FIFO as a record. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const fileSchema = z.object({
  /** Undefined if the source named no CID: the entry then counts within this run only. */
  cid: z.string().optional(),
  bytes: z.number(),
  mtimeMs: z.number(),
  /** Changes with every write, even if the writer sets mtime back. */
  ctimeMs: z.number(),
  inode: z.number(),
});
const recordSchema = z.object({ files: z.record(z.string(), fileSchema) });
type FileRecord = z.infer<typeof fileSchema>;

/** A local file, as far as it tells versions apart. */
type Found = Pick<LocalEntry, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino' | 'isFile'>;

/** Chosen: a write costs little beside so much text. */
const PART_UNITS = 2 ** 18;

export class TreeRecord {
  readonly #directory: LocalDirectory;
  readonly #before: ReadonlyMap<string, FileRecord>;
  readonly #now = new Map<string, FileRecord>();

  private constructor(directory: LocalDirectory, before: ReadonlyMap<string, FileRecord>) {
    this.#directory = directory;
    this.#before = before;
  }

  static async read(directory: LocalDirectory): Promise<TreeRecord> {
    const path = directory.at(TREE_RECORD_NAME);
    const bytes = await readFile(path, { flag: READ }).catch(() => Buffer.from('{}'));
    return new TreeRecord(directory, new Map(Object.entries(parse(bytes.toString()))));
  }

  /** @param found stats of the local file */
  isUnchanged({ path, cid, bytes }: RemoteFile, found: Found | undefined): boolean {
    const known = this.#before.get(path);
    if (known?.cid === undefined || known.cid !== cid || known.bytes !== bytes) return false;
    if (!found || !isSame(known, found)) return false;
    this.#now.set(path, known);
    return true;
  }

  /** Notes a file, once it is known to have these bytes. */
  note(path: string, cid: string | undefined, { size, mtimeMs, ctimeMs, ino }: Found): void {
    this.#now.set(path, { cid, bytes: size, mtimeMs, ctimeMs, inode: ino });
  }

  /** Whether the file was written to since it was noted. */
  isStale(path: string, found: Found): boolean {
    const known = this.#now.get(path);
    return known !== undefined && !isSame(known, found);
  }

  async save(): Promise<void> {
    const aside = this.#directory.at(`${TREE_RECORD_NAME}.${process.pid}`);
    await rm(aside, { force: true });
    const handle = await open(aside, 'wx');
    try {
      for (const text of this.#texts()) await handle.appendFile(text);
    } finally {
      await handle.close();
    }
    await rename(aside, this.#directory.at(TREE_RECORD_NAME));
  }

  /** The record's JSON in parts: the whole of a large tree takes more memory than the tree. */
  *#texts(): Generator<string> {
    let text = '{"files":{';
    let count = 0;
    for (const [path, known] of this.#now) {
      if (known.cid === undefined) continue;
      text += `${count++ > 0 ? ',' : ''}${JSON.stringify(path)}:${JSON.stringify(known)}`;
      if (text.length < PART_UNITS) continue;
      yield text;
      text = '';
    }
    yield `${text}}}\n`;
  }
}

const isSame = (known: FileRecord, found: Found): boolean =>
  found.isFile() &&
  found.size === known.bytes &&
  found.mtimeMs === known.mtimeMs &&
  found.ctimeMs === known.ctimeMs &&
  found.ino === known.inode;

function parse(text: string): Record<string, FileRecord> {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data?.files ?? {};
  } catch {
    return {};
  }
}
