// Files of a few pages that are asked for over and over, with their heads ready
// made: the requests that a hub gets most, and for which opening, asking where the
// descriptor lies, and reading cost several times the answer. What is kept is never
// believed: before each answer the path is asked whether it still leads to the same
// version, and a link that was swapped leads to another inode. Requests that come
// while it is being asked share the next asking, so a slow file system holds up
// nobody else. Only the plain case is answered here: no range, no condition but tags.
import { stat } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { Link } from '../link/link.ts';
import type { Access } from './access/access.ts';
import { type Entry, stampOf } from './catalogue.ts';
import { acceptedCodings } from './coding/accept-encoding.ts';
import type { Exchange } from './exchange.ts';
import type { Hub } from './hub.ts';
import { listMatches } from './preconditions.ts';
import type { Representation } from './representation.ts';
import { readFully } from './send-body.ts';
import type { Opened, ServedRoot } from './served-root.ts';

/** Chosen: above it copying the body costs more than what is saved. */
const MAX_FILE_BYTES = 64 * 1024;
/** Chosen: some thousand files. */
const MAX_KEPT_BYTES = 64 * 2 ** 20;
/** About what the heads and names of one take. */
const OVERHEAD_BYTES = 2048;
/** Of the request's target, in characters; the longest are rarely asked for twice. */
const MAX_TARGET = 1024;

/** Answers what cannot be answered from here. */
type LongWay = (exchange: Exchange) => void;

interface Kept {
  readonly target: string;
  readonly segments: readonly string[];
  readonly path: string;
  readonly stamp: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly headers: OutgoingHttpHeaders;
  readonly notModified: OutgoingHttpHeaders;
  /** Came when the asking that is under way had begun, or none is. */
  waiting: Exchange[];
  asking: boolean;
}

export class SmallFiles {
  readonly #root: ServedRoot;
  readonly #link: Link;
  readonly #access: Access;
  readonly #longWay: LongWay;
  /** By request target, the last used at the end. */
  readonly #kept = new Map<string, Kept>();
  #keptBytes = 0;

  constructor({ root, link, access }: Pick<Hub, 'root' | 'link' | 'access'>, longWay: LongWay) {
    this.#root = root;
    this.#link = link;
    this.#access = access;
    this.#longWay = longWay;
  }

  /** False when it is not for here. */
  answer(exchange: Exchange): boolean {
    const kept = this.#kept.get(exchange.req.url ?? '');
    if (!kept || !isPlain(exchange.req, kept)) return false;
    // Paced answers wait their turn, block by block.
    const capped = exchange.clientLink ?? this.#link;
    if (capped.uplinkBytesPerSecond !== Number.POSITIVE_INFINITY) return false;
    // The refusal is the long way's.
    if (!this.#access.allows(exchange, 'read', kept.segments)) return false;
    kept.waiting.push(exchange);
    if (!kept.asking) this.#ask(kept);
    return true;
  }

  /** Remembers an open file that was asked for under this target. */
  async keep(
    target: string,
    segments: readonly string[],
    file: Opened,
    entry: Entry,
    representation: Representation,
  ): Promise<void> {
    const { size } = file.stats;
    if (size > MAX_FILE_BYTES || target.length > MAX_TARGET) return;
    const body = Buffer.allocUnsafeSlow(size);
    await readFully(file, body, 0);
    // What was read must be what the tag names.
    if (stampOf(await file.handle.stat()) !== entry.stamp) return;
    this.#drop(this.#kept.get(target));
    this.#kept.set(target, {
      target,
      segments,
      path: join(this.#root.path, ...segments),
      stamp: entry.stamp,
      etag: `"${entry.cid}"`,
      body,
      headers: { ...representation.headers, 'Content-Length': size },
      notModified: representation.cacheHeaders,
      waiting: [],
      asking: false,
    });
    this.#keptBytes += size + OVERHEAD_BYTES;
    for (const oldest of this.#kept.values()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#drop(oldest);
    }
  }

  /** Everybody who came before this moment is answered by what the file system says after it. */
  #ask(kept: Kept): void {
    const exchanges = kept.waiting;
    kept.waiting = [];
    kept.asking = true;
    stat(kept.path, (error, stats) => {
      kept.asking = false;
      const fresh = !error && stampOf(stats) === kept.stamp;
      if (!fresh) this.#drop(kept);
      for (const exchange of exchanges) {
        if (fresh) this.#send(exchange, kept);
        else this.#longWay(exchange);
      }
      if (kept.waiting.length > 0) this.#ask(kept);
    });
  }

  #send(exchange: Exchange, kept: Kept): void {
    const tags = exchange.req.headers['if-none-match'];
    if (tags !== undefined && listMatches(tags, kept.etag, true)) {
      exchange.answer(304, kept.notModified);
      return;
    }
    // Not capped: counted, never waited for.
    if (exchange.req.method !== 'HEAD') void this.#link.send(kept.body.length);
    exchange.answer(200, kept.headers, kept.body);
  }

  #drop(kept: Kept | undefined): void {
    if (kept === undefined || this.#kept.get(kept.target) !== kept) return;
    this.#kept.delete(kept.target);
    this.#keptBytes -= kept.body.length + OVERHEAD_BYTES;
  }
}

/** Headers that make more of a request than the whole file, or one 304. */
const SPECIAL = [
  'range',
  'if-match',
  'if-modified-since',
  'if-unmodified-since',
  'want-repr-digest',
  'want-digest',
];

function isPlain({ method, headers }: IncomingMessage, kept: Kept): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  // Another may get it compressed.
  const codings = headers['accept-encoding']?.toString();
  if (kept.headers.Vary !== undefined && acceptedCodings(codings).length > 0) return false;
  return SPECIAL.every((name) => headers[name] === undefined);
}
