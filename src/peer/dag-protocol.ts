/**
 * /hubswarm/dag/1.0.0: from a CID to its manifest.
 *
 * Participants: a peer that has the manifest of a file or directory (the *server*,
 * be it origin or receiver) and one that has only the CID (the *client*). One
 * stream, one request, one answer.
 *
 * Goal: the client rebuilds the manifest and trusts nothing but the CID: each block
 * is hashed before it is parsed. Non-goals: leaves (the exchange moves those), parts
 * of a DAG, discovery.
 *
 *     request  varint length (1..100), the CID's bytes
 *     answer   status byte: 0 ok, 1 unknown, 2 too large for this protocol
 *              after 0:  varint length (0..255), name, UTF-8: a hint, untrusted
 *                        blocks, each: varint length (0..2 MiB), bytes;
 *                        the inner (dag-pb) nodes depth first from the root, or
 *                        the one leaf when the root is a leaf; 64 MiB in all
 *              then the server ends the stream
 *
 * Violations: a length over its limit, another status, bytes after a refusal, an end
 * before the last block, blocks that the DAG does not have before those it has. The
 * client then gives up with ERR_REMOTE; the server resets the stream.
 */
import { hash } from 'node:crypto';
import type { Stream } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { isRawCid } from '../content/cid.ts';
import { resolveManifest } from '../content/resolve.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { LinkedAbort } from '../runtime/linked-abort.ts';
import {
  AnswerDecoder,
  type AnswerHandler,
  blockKey,
  encodeBlock,
  encodeHead,
  encodeRequest,
  isSafeName,
  MAX_DAG_BYTES,
  RequestDecoder,
  type Status,
} from './dag-codec.ts';
import type { FetchedManifest } from './manifest-bytes.ts';
import type { Node } from './node.ts';
import { FrameStream } from './stream.ts';

const DAG_PROTOCOL = '/hubswarm/dag/1.0.0';

/** A request has one small frame; an answer stalls only when its reader does. Chosen. */
const STALL_TIMEOUT_MS = 10_000;
/** 64 MiB take 27 s at 20 Mbit/s; a remote that drips is left behind. Chosen. */
const FETCH_TIMEOUT_MS = 120_000;
/** Of blocks that came before the walk asked for them: it lags behind a fast remote. Chosen. */
const MOST_UNASKED_BYTES = 32 * 2 ** 20;
/** Of one connection: a client asks once for each CID it wants. Chosen. */
const MAX_STREAMS = 8;

export interface HeldDag {
  /** The name hint. */
  readonly name: string;
  /** The inner blocks depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** The leaf's bytes, when the root is a leaf that is here. */
  readonly rawRoot?: (() => Promise<Uint8Array>) | undefined;
}

/** Answers for what `lookup` knows, until the returned function is called. */
export async function serveDag(
  node: Node,
  lookup: (cid: CID) => HeldDag | undefined,
): Promise<() => Promise<void>> {
  await node.handle(
    DAG_PROTOCOL,
    (stream, connection) =>
      serveStream(new FrameStream(stream, connection.remotePeer.toString()), lookup),
    { maxInboundStreams: MAX_STREAMS },
  );
  return () => node.unhandle(DAG_PROTOCOL);
}

function serveStream(frames: FrameStream, lookup: (cid: CID) => HeldDag | undefined): void {
  const decoder = new RequestDecoder();
  const late = setTimeout(() => frames.abort('no request'), STALL_TIMEOUT_MS);
  frames.onEnd(() => clearTimeout(late));
  let asked = false;
  frames.onData((chunk) => {
    if (asked) return frames.abort('bytes after the request');
    const request = decoder.push(chunk);
    if (request === undefined) return;
    asked = true;
    clearTimeout(late);
    if ('violation' in request) return frames.abort(request.violation);
    sendAnswer(frames, lookup(request)).then(
      () => frames.close(),
      // The reader stalls, or the leaf cannot be read: neither concerns the others.
      (error: unknown) => frames.abort(describeError(error)),
    );
  });
}

async function sendAnswer(frames: FrameStream, served: HeldDag | undefined): Promise<void> {
  const blocks = served && (await blocksOf(served));
  if (!served || !blocks) return frames.send([encodeHead('unknown')]);
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
  if (bytes > MAX_DAG_BYTES) return frames.send([encodeHead('tooLarge')]);
  frames.send([encodeHead('ok', served.name)]);
  for (const block of blocks) {
    frames.send(encodeBlock(block));
    if (frames.congested) await frames.drained(AbortSignal.timeout(STALL_TIMEOUT_MS));
  }
}

async function blocksOf({ dag, rawRoot }: HeldDag): Promise<Uint8Array[] | undefined> {
  if (dag.size > 0) return [...dag.values()];
  return rawRoot && [await rawRoot()];
}

/** What a libp2p Connection is to this protocol. */
export interface StreamOpener {
  readonly remotePeer: { toString(): string };
  newStream(protocol: string, options: { signal: AbortSignal }): Promise<Stream>;
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
): Promise<FetchedManifest> {
  const remote = connection.remotePeer.toString();
  const linked = new LinkedAbort([signal], FETCH_TIMEOUT_MS);
  const answer = new Answer(remote, cid);
  let frames: FrameStream | undefined;
  try {
    const stream = await connection.newStream(DAG_PROTOCOL, { signal: linked.signal });
    frames = new FrameStream(stream, remote);
    answer.read(frames);
    frames.send([encodeRequest(cid)]);
    linked.signal.addEventListener('abort', () => answer.fail(linked.signal.reason));
    const resolved = await resolveManifest(cid, answer.getBlock, { signal: linked.signal });
    frames.close();
    return { ...resolved, name: answer.name, ...(await rawRoot(cid, answer)) };
  } catch (error) {
    frames?.abort(describeError(error));
    signal.throwIfAborted();
    throw remoteError(error, remote, linked.signal.aborted);
  } finally {
    linked.release();
    answer.stop();
  }
}

async function rawRoot(cid: CID, answer: Answer): Promise<{ rawRoot?: Uint8Array }> {
  return isRawCid(cid) ? { rawRoot: await answer.getBlock(cid) } : {};
}

function remoteError(error: unknown, remote: string, late: boolean): unknown {
  if (late) return timeout(remote);
  if (!(error instanceof HubswarmError)) {
    return new HubswarmError('ERR_REMOTE', `${remote}: ${describeError(error)}`, { cause: error });
  }
  // Cannot come of an honest remote: a block is only handed on under its own hash.
  if (error.code !== 'ERR_HASH_MISMATCH') return error;
  return new HubswarmError('ERR_REMOTE', `${remote}: ${error.message}`, { cause: error });
}

const timeout = (remote: string): HubswarmError =>
  new HubswarmError('ERR_TIMEOUT', `${remote} did not give the manifest in time`);

/** The blocks of one answer, by hash: the walk asks for them ahead and out of order. */
class Answer implements AnswerHandler {
  name: string;
  readonly #remote: string;
  readonly #cid: CID;
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #waiting = new Map<string, PromiseWithResolvers<Uint8Array>>();
  /** Keys of blocks that nobody has asked for: the walk is about to, or they are none of the DAG's. */
  readonly #unasked = new Set<string>();
  readonly #idle: NodeJS.Timeout;
  #unaskedBytes = 0;
  #failure: unknown;

  constructor(remote: string, cid: CID) {
    this.#remote = remote;
    this.#cid = cid;
    this.name = cid.toString();
    this.#idle = setTimeout(() => this.fail(timeout(remote)), STALL_TIMEOUT_MS);
  }

  read(frames: FrameStream): void {
    const decoder = new AnswerDecoder(this);
    frames.onData((chunk) => {
      if (this.#failure !== undefined) return;
      this.#idle.refresh();
      const violation = decoder.push(chunk);
      if (violation !== undefined) this.#refuse(`sent ${violation}`);
    });
    frames.onEnd((reason) => {
      const violation = reason === 'closed' ? decoder.end() : reason;
      this.#refuse(violation === undefined ? 'left blocks out' : `ended: ${violation}`);
    });
  }

  readonly getBlock = (cid: CID): Promise<Uint8Array> => {
    const key = blockKey(cid.multihash.digest);
    const block = this.#blocks.get(key);
    if (block) {
      if (this.#unasked.delete(key)) this.#unaskedBytes -= block.length;
      return Promise.resolve(block);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const waiting = this.#waiting.get(key) ?? Promise.withResolvers<Uint8Array>();
    this.#waiting.set(key, waiting);
    return waiting.promise;
  };

  handleHead(status: Status, name: string): void {
    if (status === 'unknown') this.#refuse(`does not know ${this.#cid}`);
    else if (status === 'tooLarge') this.#refuse(`cannot give ${this.#cid}: its DAG is too large`);
    else if (isSafeName(name)) this.name = name;
  }

  handleBlock(block: Uint8Array): void {
    const key = blockKey(hash('sha256', block, 'buffer'));
    // The root comes first, so that a remote with nothing right is left at once.
    if (this.#blocks.size === 0 && key !== blockKey(this.#cid.multihash.digest)) {
      return this.#refuse('sent another block than the root');
    }
    if (!this.#waiting.has(key) && !this.#blocks.has(key)) {
      this.#unasked.add(key);
      this.#unaskedBytes += block.length;
      if (this.#unaskedBytes > MOST_UNASKED_BYTES) return this.#refuse('sends blocks of no use');
    }
    this.#blocks.set(key, block);
    this.#waiting.get(key)?.resolve(block);
    this.#waiting.delete(key);
  }

  /** The first failure counts. Blocks that are here can still be had. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#unasked.clear();
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  stop(): void {
    clearTimeout(this.#idle);
  }

  #refuse(what: string): void {
    this.fail(new HubswarmError('ERR_REMOTE', `${this.#remote} ${what}`));
  }
}
