// One answer of the DAG protocol (dag-protocol.ts), on the client's side: blocks by hash, since the
// walk asks for them ahead and out of order.
import { hash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { digestKey } from '../../content/cid.ts';
import { LOSS_WORDS, type LossReason } from '../../content/store.ts';
import type { Link } from '../../link/link.ts';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { FrameStream } from '../node/stream.ts';
import { AnswerDecoder, type AnswerHandler, type Status } from './dag-codec.ts';
import { type RootName, rootNameOf } from './root-name.ts';

/**
 * Most bytes of blocks that came before the walk asked for them: it lags behind a fast remote.
 * Chosen.
 */
const MOST_UNASKED_BYTES = 32 * 2 ** 20;
/**
 * Least bytes in each span of time, unless the answer ends: so a remote that drips is given up, and
 * one whose uplink has many takers is not. Chosen.
 */
const LEAST_BYTES = 4096;
const SPAN_MS = 30_000;

export class Answer implements AnswerHandler {
  /** The name that the remote gave, or the CID. */
  named: RootName;
  readonly #remote: string;
  readonly #called: string;
  readonly #cid: CID;
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #waiting = new Map<string, PromiseWithResolvers<Uint8Array>>();
  /**
   * Keys of blocks that the walk has not asked for: it is about to, or they are not part of the
   * DAG.
   */
  readonly #unasked = new Set<string>();
  readonly #kind = Promise.withResolvers<CID | undefined>();
  /** Ends the looks at its pace. */
  readonly stop: Cancel;
  #came = 0;
  #unaskedBytes = 0;
  #failure: unknown;

  /**
   * @param onSlow called when too few bytes came for too long
   * @param called what a person calls it
   */
  constructor(
    remote: string,
    cid: CID,
    clock: Timers,
    onSlow: () => void,
    called = cid.toString(),
  ) {
    this.#remote = remote;
    this.#called = called;
    this.#cid = cid;
    this.named = rootNameOf(cid, '');
    this.#kind.promise.catch(() => undefined);
    this.stop = clock.every(SPAN_MS, 'watching the pace of a manifest', () => {
      if (this.#came < LEAST_BYTES) onSlow();
      this.#came = 0;
    });
  }

  /** Resolves with the packed form's CID; with undefined if the blocks themselves come. */
  get packed(): Promise<CID | undefined> {
    return this.#kind.promise;
  }

  read(frames: FrameStream, link: Link | undefined, onReceived?: (bytes: number) => void): void {
    const decoder = new AnswerDecoder(this);
    frames.onData((chunk) => {
      if (this.#failure !== undefined) return;
      this.#came += chunk.length;
      onReceived?.(chunk.length);
      // Books the downlink: later traffic waits. A stream's reader cannot wait.
      void link?.receive(chunk.length);
      const violation = decoder.push(chunk);
      if (violation !== undefined) this.#refuse(`sent ${violation}`);
    });
    frames.onEnd((reason) => {
      const violation = reason === 'closed' ? decoder.end() : reason;
      this.#refuse(violation === undefined ? 'left blocks out' : `ended: ${violation}`);
    });
  }

  readonly getBlock = (cid: CID): Promise<Uint8Array> => {
    const key = digestKey(cid.multihash.digest);
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
    else if (status !== 'ok' && status !== 'packed') this.fail(this.#lost(status));
    else this.named = rootNameOf(this.#cid, name);
    if (status === 'ok') this.#kind.resolve(undefined);
  }

  handlePacked(packed: CID): void {
    this.#kind.resolve(packed);
  }

  handleBlock(block: Uint8Array): void {
    const key = digestKey(hash('sha256', block, 'buffer'));
    // The root comes first, so that a remote with wrong blocks is left at once.
    if (this.#blocks.size === 0 && key !== digestKey(this.#cid.multihash.digest)) {
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

  /** The first failure counts. Blocks that are here can still be read. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#kind.reject(this.#failure);
    this.#unasked.clear();
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  #lost(reason: LossReason): HubswarmError {
    const message = `${this.#remote} has ${this.#called} no more: it ${LOSS_WORDS[reason]} there`;
    return new HubswarmError('ERR_SOURCE_CHANGED', message);
  }

  #refuse(what: string): void {
    this.fail(new HubswarmError('ERR_REMOTE', `${this.#remote} ${what}`));
  }
}
