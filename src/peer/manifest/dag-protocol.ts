import type { Connection, PeerId, Stream } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { isRawCid } from '../../content/cid.ts';
import { resolveManifest } from '../../content/resolve.ts';
import type { PieceStore } from '../../content/store.ts';
import { lossReasonOf } from '../../disk/file-system/loss-reason.ts';
import { blockLength } from '../../exchange/block-length.ts';
import { Link } from '../../link/link.ts';
import { systemClock, type Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { attempt, LinkedAbort } from '../../runtime/linked-abort.ts';
import type { Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';
import { Answer } from './dag-answer.ts';
import {
  encodeBlockHead,
  encodeHead,
  encodePacked,
  encodeRequest,
  MAX_DAG_BYTES,
  RequestDecoder,
} from './dag-codec.ts';
import type { FetchedManifest } from './manifest-bytes.ts';
import type { RootName } from './root-name.ts';

/** The version of the protocol whose answers are never packed. */
const DAG_PROTOCOL = '/hubswarm/dag/1.0.0';
const PACKED_DAG_PROTOCOL = '/hubswarm/dag/1.1.0';

/** Limit for the request, which is one small frame. Chosen. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Limit for a reader to take a chunk: it may share a slow link. Chosen. */
const STALL_TIMEOUT_MS = 30_000;
/** Most streams of one connection: a client asks once for each CID. Chosen. */
const MAX_STREAMS = 8;

/**
 * A root that is a leaf; its bytes are read when they are sent, since many may be asked for at
 * once.
 */
export interface RawRoot {
  readonly length: number;
  read(begin: number, length: number): Promise<Uint8Array>;
}

/** A leaf in memory. */
export const rawRootOf = (bytes: Uint8Array): RawRoot => ({
  length: bytes.length,
  read: async (begin, length) => bytes.subarray(begin, begin + length),
});

/** The leaf of a store that holds no more than one. */
export const rawRootIn = (store: PieceStore): RawRoot => ({
  length: store.manifest.geometry.totalLength,
  // An empty file has no piece.
  read: async (begin, length) =>
    store.manifest.geometry.pieceCount === 0 ? new Uint8Array() : store.read(0, begin, length),
});

export interface HeldDag {
  /** The name hint. */
  readonly name: string;
  /** The inner blocks depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** The leaf, if the root is one and is here. */
  readonly rawRoot?: RawRoot | undefined;
  /**
   * Resolves to the CID of the packed form, which is exchanged; to undefined to send the blocks.
   */
  packed?(): Promise<CID | undefined>;
}

/**
 * Answers requests for manifests that `lookup` knows, until the returned function is called.
 *
 * @param link its uplink carries the answers
 */
export async function serveDag(
  node: Node,
  lookup: (cid: CID, asker: string) => HeldDag | undefined,
  link: Link = new Link(),
  clock: Timers = systemClock,
): Promise<() => Promise<void>> {
  const uplink = new Uplink(link);
  const answer = (frames: FrameStream, mayPack: boolean): void =>
    awaitRequest(frames, clock, (cid) =>
      sendAnswer(frames, lookup(cid, frames.remote), uplink, mayPack),
    );
  const protocols = [DAG_PROTOCOL, PACKED_DAG_PROTOCOL];
  for (const protocol of protocols) {
    await node.handle(
      protocol,
      guarded('serving a manifest', (stream: Stream, { remotePeer }: Connection) =>
        answer(new FrameStream(stream, remotePeer.toString()), protocol === PACKED_DAG_PROTOCOL),
      ),
      { maxInboundStreams: MAX_STREAMS },
    );
  }
  return () => node.unhandle(protocols);
}

function awaitRequest(
  frames: FrameStream,
  clock: Timers,
  answer: (cid: CID) => Promise<void>,
): void {
  const decoder = new RequestDecoder();
  const inTime = clock.after(REQUEST_TIMEOUT_MS, 'hanging up', () => frames.abort('no request'));
  frames.onEnd(inTime);
  let asked = false;
  frames.onData((chunk) => {
    if (asked) return frames.abort('bytes after the request');
    const request = decoder.push(chunk);
    if (request === undefined) return;
    asked = true;
    inTime();
    if ('violation' in request) return frames.abort(request.violation);
    // The reader stalls, or the leaf cannot be read: other answers go on.
    const cut = guarded('cutting a stream', (error: unknown) => frames.abort(describeError(error)));
    answer(request)
      .then(() => frames.close())
      .catch(cut);
  });
}

async function sendAnswer(
  frames: FrameStream,
  served: HeldDag | undefined,
  uplink: Uplink,
  mayPack: boolean,
): Promise<void> {
  let packed: CID | undefined;
  try {
    packed = mayPack ? await served?.packed?.() : undefined;
    // A leaf that is not there any more is found by a read, before anything is answered.
    if (!packed && served?.dag.size === 0) await served.rawRoot?.read(0, 0);
  } catch (error) {
    const reason = lossReasonOf(error);
    if (reason === undefined) throw error;
    return frames.send([encodeHead(reason)]);
  }
  if (served && packed) return frames.send([encodePacked(served.name, packed)]);
  const blocks = served && blockSourcesOf(served);
  if (!served || !blocks) return frames.send([encodeHead('unknown')]);
  const bytes = blocks.reduce((sum, { length }) => sum + length, 0);
  if (bytes > MAX_DAG_BYTES) return frames.send([encodeHead('tooLarge')]);
  frames.send([encodeHead('ok', served.name)]);
  for (const block of blocks) {
    if (!(await uplink.send(frames, block))) return;
  }
}

function blockSourcesOf({ dag, rawRoot }: HeldDag): RawRoot[] | undefined {
  if (dag.size > 0) return [...dag.values()].map(rawRootOf);
  return rawRoot && [rawRoot];
}

/** The inner blocks, or the leaf if the root is one that is here. */
export async function blocksOf({ dag, rawRoot }: HeldDag): Promise<Uint8Array[] | undefined> {
  if (dag.size > 0) return [...dag.values()];
  return rawRoot && [await rawRoot.read(0, rawRoot.length)];
}

/**
 * The link's uplink, shared by all answers: their chunks wait in one queue. So pieces get half of a
 * busy uplink, however many clients ask, and each answer gets its share.
 */
class Uplink {
  readonly #link: Link;
  #last: Promise<void> = Promise.resolve();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Sends a block. Resolves when it was handed over; to false if the stream has ended. */
  async send(frames: FrameStream, { length, read }: RawRoot): Promise<boolean> {
    const step = blockLength(Math.max(1, length), this.#link.uplinkBytesPerSecond);
    const head = encodeBlockHead(length);
    for (let begin = 0; begin === 0 || begin < length; begin += step) {
      const size = Math.min(step, length - begin);
      this.#last = this.#last.then(() => this.#link.send(size));
      await this.#last;
      if (frames.hasEnded) return false;
      const bytes = await read(begin, size);
      frames.send(begin === 0 ? [head, bytes] : [bytes]);
      if (frames.congested) await attempt([], STALL_TIMEOUT_MS, (limit) => frames.drained(limit));
    }
    return true;
  }
}

/** The part of a libp2p Connection that this protocol needs. */
export interface StreamOpener {
  readonly remotePeer: PeerId;
  newStream(protocols: string | string[], options: { signal: AbortSignal }): Promise<Stream>;
}

/** A remote's answer that the manifest can be fetched by the exchange, packed. */
export interface PackedAnswer extends RootName {
  readonly root: CID;
  readonly packed: CID;
  readonly connection: StreamOpener;
}

export interface FetchOptions {
  readonly clock?: Timers | undefined;
  /** Counts the bytes that come. */
  readonly link?: Link | undefined;
  /** What a person calls it; the CID if left out. */
  readonly called?: string | undefined;
  /** Called with the number of bytes that came, each time. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Fetches a packed manifest; if left out, none is asked for. */
  readonly fetchPacked?:
    | ((answer: PackedAnswer, signal: AbortSignal) => Promise<FetchedManifest>)
    | undefined;
}

/**
 * Asks one peer for a manifest.
 *
 * @throws HubswarmError ERR_REMOTE (it refused or made no sense), ERR_TIMEOUT,
 * ERR_MANIFEST (the DAG itself is not acceptable, whoever gives it); the signal's reason
 */
export async function fetchManifest(
  connection: StreamOpener,
  cid: CID,
  signal: AbortSignal,
  { fetchPacked, clock = systemClock, ...counting }: FetchOptions = {},
): Promise<FetchedManifest> {
  const protocols = fetchPacked ? [PACKED_DAG_PROTOCOL, DAG_PROTOCOL] : [DAG_PROTOCOL];
  const heard = await ask(connection, protocols, cid, signal, { ...counting, clock });
  if (!('packed' in heard)) return heard;
  if (fetchPacked) return fetchPacked({ ...heard, root: cid, connection }, signal);
  throw new HubswarmError('ERR_REMOTE', `${connection.remotePeer} packed what it was not to pack`);
}

async function ask(
  connection: StreamOpener,
  protocols: string[],
  cid: CID,
  signal: AbortSignal,
  {
    called,
    link,
    onReceived,
    clock,
  }: Omit<FetchOptions, 'fetchPacked'> & { readonly clock: Timers },
): Promise<FetchedManifest | ({ packed: CID } & RootName)> {
  const remote = connection.remotePeer.toString();
  const slow = new AbortController();
  const linked = new LinkedAbort([signal, slow.signal]);
  const answer = new Answer(remote, cid, clock, () => slow.abort(), called);
  let frames: FrameStream | undefined;
  try {
    const stream = await connection.newStream(protocols, { signal: linked.signal });
    frames = new FrameStream(stream, remote);
    answer.read(frames, link, onReceived);
    frames.send([encodeRequest(cid)]);
    const giveUp = guarded('giving up a manifest', () => answer.fail(linked.signal.reason));
    linked.signal.addEventListener('abort', giveUp);
    const packed = await answer.packed;
    const heard = packed ? { packed } : await resolve(cid, answer, linked.signal);
    frames.close();
    return { ...heard, ...answer.named };
  } catch (error) {
    frames?.abort(describeError(error));
    signal.throwIfAborted();
    throw remoteError(error, remote, slow.signal.aborted);
  } finally {
    linked.release();
    answer.stop();
  }
}

function slowError(remote: string): HubswarmError {
  return new HubswarmError('ERR_TIMEOUT', `${remote} did not give the manifest in time`);
}

async function resolve(cid: CID, answer: Answer, signal: AbortSignal) {
  const resolved = await resolveManifest(cid, answer.getBlock, { signal });
  return { ...resolved, ...(isRawCid(cid) ? { rawRoot: await answer.getBlock(cid) } : {}) };
}

function remoteError(error: unknown, remote: string, late: boolean): unknown {
  if (late) return slowError(remote);
  if (!(error instanceof HubswarmError)) {
    return new HubswarmError('ERR_REMOTE', `${remote}: ${describeError(error)}`, { cause: error });
  }
  // An honest remote cannot cause this: a block is only handed on under its own hash.
  if (error.code !== 'ERR_HASH_MISMATCH') return error;
  return new HubswarmError('ERR_REMOTE', `${remote}: ${error.message}`, { cause: error });
}
