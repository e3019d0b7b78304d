// Keeps small files that are requested again and again, with their heads ready made. For most
// requests of a hub, opening the file, finding its real path and reading it cost several times the
// answer. A kept file is never trusted: before each answer a stat checks that the path still leads
// to the same version (a swapped link leads to another inode). Requests that come during a check
// share the next check, so a slow file system delays no other request. A text is kept in each
// coding that is requested. A choice of coding holds while all paths that it depended on are
// unchanged, for callers that may read them all. Only plain requests are answered here: no range,
// and no condition but tags.

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Access } from '../../hub/access/access.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Coding } from '../message/accept-encoding.ts';
import { listMatches } from '../message/preconditions.ts';
import { codingsFor, type Looked } from './coded-variant.ts';
import type { Sent } from './file-response.ts';
import type { FilesHub } from './files-hub.ts';

/** Longest file. Chosen: above it, copying the body costs more than is saved. */
const MAX_FILE_BYTES = 64 * 1024;
/** Bytes kept. Chosen: some thousand files. */
const MAX_KEPT_BYTES = 64 * 2 ** 20;
/** Memory of the heads and names of one file, roughly. */
const OVERHEAD_BYTES = 2048;
/** Longest target in characters; longer ones are rarely requested twice. */
const MAX_TARGET = 1024;

/** Answers requests that this class does not answer. */
type LongWay = (conversation: Conversation) => void;

interface Kept {
  readonly key: string;
  /** The paths that the choice depended on, the file's own first. */
  readonly looked: readonly Looked[];
  readonly etag: string;
  readonly body: Uint8Array;
  readonly headers: OutgoingHttpHeaders;
  readonly notModified: OutgoingHttpHeaders;
  /** Requests that wait for the next check. */
  waiting: Conversation[];
  asking: boolean;
}

export class SmallFiles {
  readonly #root: Root;
  readonly #link: Link;
  readonly #access: Access;
  readonly #longWay: LongWay;
  /** Kept files by request target, and by codings where these matter; the oldest first. */
  readonly #kept = new Map<string, Kept>();
  #keptBytes = 0;

  constructor(
    { root, link, access }: Pick<FilesHub, 'root' | 'link' | 'access'>,
    longWay: LongWay,
  ) {
    this.#root = root;
    this.#link = link;
    this.#access = access;
    this.#longWay = longWay;
  }

  /** Answers a request; returns false if it does not. */
  answer(conversation: Conversation): boolean {
    const { req } = conversation;
    if (!isPlain(req)) return false;
    const kept = this.#find(req);
    if (!kept) return false;
    // A paced answer is sent block by block, not from here.
    const capped = conversation.caller.link ?? this.#link;
    if (capped.uplinkBytesPerSecond !== Number.POSITIVE_INFINITY) return false;
    // If the caller may not read one, the other route refuses.
    const mayRead = ({ segments, place }: Looked) =>
      [segments, place].every((names) => this.#access.allows(conversation.caller, 'read', names));
    if (!kept.looked.every(mayRead)) return false;
    kept.waiting.push(conversation);
    if (!kept.asking) unawaited('answering from memory', this.#ask(kept));
    return true;
  }

  /** Keeps the answer to a request. */
  async keep(req: IncomingMessage, file: Looked, { representation, read, looked }: Sent) {
    const { size, headers, cacheHeaders, validators } = representation;
    // A head that will get a date soon is not kept.
    if (validators.isDateOpen) return;
    const { url = '' } = req;
    if (size > MAX_FILE_BYTES || url.length > MAX_TARGET) return;
    const body = await read();
    // The bytes read must be those that the tag names.
    if (body === undefined || validators.etag === undefined) return;
    const key = headers.Vary === undefined ? url : keyOf(url, codingsFor(req));
    this.#drop(this.#kept.get(key));
    this.#kept.set(key, {
      key,
      looked: [file, ...looked],
      etag: validators.etag,
      body,
      headers: { ...headers, 'Content-Length': size },
      notModified: cacheHeaders,
      waiting: [],
      asking: false,
    });
    this.#keptBytes += size + OVERHEAD_BYTES;
    for (const oldest of this.#kept.values()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#drop(oldest);
    }
  }

  /** Answers all requests that came before this moment, after a check of the file system. */
  async #ask(kept: Kept): Promise<void> {
    const conversations = kept.waiting;
    kept.waiting = [];
    kept.asking = true;
    const fresh = await this.#isFresh(kept);
    kept.asking = false;
    if (!fresh) this.#drop(kept);
    for (const conversation of conversations) {
      if (fresh) this.#send(conversation, kept);
      else this.#longWay(conversation);
    }
    if (kept.waiting.length > 0) unawaited('answering from memory', this.#ask(kept));
  }

  /** Whether each path still leads to the same version. */
  async #isFresh({ looked }: Kept): Promise<boolean> {
    const stamps = looked.map(({ segments }) =>
      this.#root.stampAt(segments).catch(() => undefined),
    );
    const now = await Promise.all(stamps);
    return looked.every(({ stamp }, index) => stamp === now[index]);
  }

  #find(req: IncomingMessage): Kept | undefined {
    const { url = '' } = req;
    const kept = this.#kept.get(url);
    if (kept && kept.headers.Vary === undefined) return kept;
    const codings = codingsFor(req);
    return codings.length === 0 ? kept : this.#kept.get(keyOf(url, codings));
  }

  #send(conversation: Conversation, kept: Kept): void {
    const tags = conversation.req.headers['if-none-match'];
    if (tags !== undefined && listMatches(tags, kept.etag, true)) {
      conversation.answer(304, kept.notModified);
      return;
    }
    // The link is not capped: the bytes are counted, without a wait.
    if (conversation.req.method !== 'HEAD') void this.#link.send(kept.body.length);
    conversation.answer(200, kept.headers, kept.body);
  }

  #drop(kept: Kept | undefined): void {
    if (kept === undefined || this.#kept.get(kept.key) !== kept) return;
    this.#kept.delete(kept.key);
    this.#keptBytes -= kept.body.length + OVERHEAD_BYTES;
  }
}

/** Request headers that ask for more than the whole file or a 304. */
const SPECIAL = [
  'range',
  'if-match',
  'if-modified-since',
  'if-unmodified-since',
  'want-repr-digest',
  'want-digest',
];

function isPlain({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return SPECIAL.every((name) => headers[name] === undefined);
}

/** A target holds no space. */
function keyOf(target: string, codings: readonly Coding[]): string {
  return codings.length === 0 ? target : `${target} ${codings}`;
}
