// The list of what the daemon shares, in one file: a line for each share and, behind these, a line for
// each change. A change is appended and synced before it is told of, so thousands of shares cost a line
// each. Each line begins with its own digest: what a crash left at the end, half written, counts for
// nothing. When most lines are old the file is written anew, under another name that takes the place of
// the first: at each moment there is a whole list.
//
// Rejected: JSON written anew at each change (10,000 shares one by one: 15 GB); LevelDB, which the
// catalogue of a hub uses, since it is an optional package, and this list is no cache.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, copyFile, type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { syncPath } from '../disk/file-system/steps.ts';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import { writeWhole } from '../runtime/node/small-file.ts';
import type { Share } from './share.ts';
import { fromStored, type StoredShare, storedShareSchema, toStored } from './stored-share.ts';

const VERSION = 1;
/** Characters of a line's digest: enough for damage, which is no enemy. Chosen. */
const DIGEST_LENGTH = 16;
/** Old lines from which on the list is written anew, if they are more than those in use. Chosen. */
const MOST_OLD = 1000;

const lineSchema = z.union([
  z.object({ list: z.number() }),
  z.object({ share: storedShareSchema }),
  z.object({
    of: z.string(),
    sentBytes: z.number().optional(),
    over: z.enum(['ratio', 'time']).optional(),
  }),
  z.object({ end: z.string() }),
]);

type Line = z.infer<typeof lineSchema>;

export class ShareList {
  readonly #path: string;
  readonly #shares: () => Iterable<Share>;
  #file: FileHandle | undefined;
  #lines: number;
  #written: Promise<void> = Promise.resolve();
  #waiting = '';

  private constructor(path: string, shares: () => Iterable<Share>, lines: number) {
    this.#path = path;
    this.#shares = shares;
    this.#lines = lines;
  }

  /**
   * Reads the list and mends what a crash left.
   *
   * @param shares what is shared at each moment, from when this resolves
   * @throws HubswarmError of the file system; ERR_NOT_PERMITTED for the list of a later version
   */
  static async open(
    path: string,
    shares: () => Iterable<Share>,
    warn: (message: string) => void,
  ): Promise<{ list: ShareList; found: Share[] }> {
    const reading = new Reading(path);
    for await (const line of linesIn(path)) await reading.take(line);
    const { lines } = reading;
    if (reading.isStrange) {
      const aside = `${path}.damaged-${Date.now()}`;
      await copyFile(path, aside, constants.COPYFILE_EXCL).catch((error) => {
        throw fileError(error, aside);
      });
      warn(
        `${path}: ${reading.left} left out, so what they shared is not shared; kept as ${aside}`,
      );
    }
    const found = [...reading.found.values()];
    const list = new ShareList(path, shares, lines);
    const isOld = lines > MOST_OLD + 2 * found.length;
    if (lines === 0 || !reading.isWhole || isOld) await list.#rewrite(found);
    return { list, found };
  }

  /** Resolves when it is on the disk. */
  put(share: Share): Promise<void> {
    return this.#append({ share: toStored(share) });
  }

  remove(path: string): Promise<void> {
    return this.#append({ end: path });
  }

  /** Keeps what became of shares since they were put. */
  async note(shares: Iterable<Share>): Promise<void> {
    const notes = [...shares].map(({ path, sentBytes, state }) =>
      this.#append({
        of: path,
        sentBytes,
        ...((state === 'ratio' || state === 'time') && { over: state }),
      }),
    );
    await Promise.all(notes);
  }

  /** Writes anew what a full disk kept from being written. */
  async mend(): Promise<void> {
    if (Number.isFinite(this.#lines)) return;
    this.#written = this.#written.catch(() => undefined).then(() => this.#flush());
    await this.#written;
  }

  async close(): Promise<void> {
    await this.#written.catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Lines that come together are synced together. */
  #append(line: Line): Promise<void> {
    const isFirst = this.#waiting === '';
    this.#waiting += format(line);
    this.#lines++;
    if (!isFirst) return this.#written;
    this.#written = this.#written.catch(() => undefined).then(() => this.#flush());
    return this.#written;
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    try {
      const shares = [...this.#shares()];
      if (this.#lines > MOST_OLD + 2 * shares.length) return await this.#rewrite(shares);
      this.#file ??= await open(this.#path, 'a', 0o600);
      await this.#file.writeFile(text);
      await this.#file.datasync();
    } catch (error) {
      // A line that was written in part must not be the beginning of the next.
      await this.#file?.close().catch(() => undefined);
      this.#file = undefined;
      this.#lines = Number.POSITIVE_INFINITY;
      throw fileError(error, this.#path);
    }
  }

  async #rewrite(shares: readonly Share[]): Promise<void> {
    const lines = shares.map((share) => format({ share: toStored(share) }));
    await this.#file?.close();
    this.#file = undefined;
    await writeWhole(this.#path, [format({ list: VERSION }), ...lines].join(''));
    await syncPath(dirname(this.#path));
    this.#lines = lines.length + 1;
  }
}

const digestOf = (json: string): string =>
  createHash('sha256').update(json).digest('hex').slice(0, DIGEST_LENGTH);

function format(line: Line): string {
  const json = JSON.stringify(line);
  return `${digestOf(json)} ${json}\n`;
}

/** Undefined for what is no whole line of a list. */
function parse(text: string): Line | undefined {
  const json = text.slice(DIGEST_LENGTH + 1);
  if (digestOf(json) !== text.slice(0, DIGEST_LENGTH)) return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** What the lines that were read so far come to. */
class Reading {
  readonly #path: string;
  readonly found = new Map<string, Share>();
  lines = 0;
  #damaged = 0;
  /** Whether the file ends where a line does, and has no damaged one. */
  isWhole = true;

  constructor(path: string) {
    this.#path = path;
  }

  /** @param text with the end of the line, unless it was not written whole */
  async take(text: string): Promise<void> {
    if (!text.endsWith('\n')) {
      this.isWhole = false;
      return;
    }
    this.lines++;
    const line = parse(text.slice(0, -1));
    if (line && 'share' in line) await this.#put(line.share);
    else if (line && 'end' in line) this.found.delete(line.end);
    else if (line && 'of' in line) this.#note(line);
    else if (line) checkVersion(this.#path, line.list);
    else this.#leaveOut();
  }

  async #put(stored: StoredShare): Promise<void> {
    this.found.delete(stored.path);
    try {
      this.found.set(stored.path, await fromStored(stored));
    } catch {
      this.#leaveOut();
    }
  }

  #note({ of, sentBytes, over }: Extract<Line, { of: string }>): void {
    const share = this.found.get(of);
    if (!share) return;
    share.sentBytes = sentBytes ?? share.sentBytes;
    share.state = over ?? share.state;
  }

  /** Whether more is wrong than a crash leaves, which is one line that was not written whole. */
  get isStrange(): boolean {
    return this.#damaged > 0 || (this.lines === 0 && !this.isWhole);
  }

  /** What is left out, for a person. */
  get left(): string {
    if (this.#damaged === 0) return 'bytes that are no list are';
    return this.#damaged === 1 ? '1 damaged line is' : `${this.#damaged} damaged lines are`;
  }

  #leaveOut(): void {
    this.#damaged++;
    this.isWhole = false;
  }
}

/** Each with its end; the last may lack one. */
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest: string[] = [];
  try {
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      let from = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
        const last = chunk.slice(from, end + 1);
        from = end + 1;
        yield rest.length > 0 ? [...rest, last].join('') : last;
        rest = [];
      }
      if (from < chunk.length) rest.push(chunk.slice(from));
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, path);
  }
  if (rest.length > 0) yield rest.join('');
}

function checkVersion(path: string, version: number): void {
  if (version === VERSION) return;
  throw new HubswarmError(
    'ERR_NOT_PERMITTED',
    `${path}: was written by a later version (its form is ${version}, this one reads ${VERSION})`,
  );
}
