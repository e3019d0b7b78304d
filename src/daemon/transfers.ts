// What the daemon fetches for terminals, each for as long as its terminal is there. What came whole is
// shared from then on.
import { resolve } from 'node:path';
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import type { FileStore } from '../disk/file-store.ts';
import { wayOf } from '../hybrid/fetch/get.ts';
import { fileShared } from '../peer/import-shared.ts';
import type { Peer } from '../peer/peer.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { attempt } from '../runtime/linked-abort.ts';
import type { Emit, Event } from '../telemetry/event.ts';
import type { Answer } from './conversation.ts';
import { Pace } from './pace.ts';
import { fetchedFrom } from './share.ts';
import type { Shares } from './shares.ts';

export interface GetRequest {
  /** A share link or a CID, with a path or without. */
  readonly thing: string;
  /** Absolute. */
  readonly out: string;
  readonly force: boolean;
  /** Seconds without a new piece; for ever if left out. */
  readonly timeout?: number | undefined;
  /** Multiaddrs to find it through, beside those of the link. */
  readonly joins: readonly string[];
}

export interface Transfer {
  readonly cid: string;
  readonly name: string;
  readonly out: string;
  readonly bytes: number;
  readonly total: number;
  readonly bytesPerSecond: number;
}

/** One that runs. */
class Running {
  readonly out: string;
  readonly #pace: Pace;
  cid: string;
  name = '';
  bytes = 0;
  total = 0;

  constructor(cid: string, out: string, now: () => number) {
    this.cid = cid;
    this.out = out;
    this.#pace = new Pace(now);
  }

  hear(event: Event): void {
    if (event.event === 'transfer_started') {
      this.name = event.name;
      this.total = event.bytes;
      this.bytes = event.resumedBytes;
    } else if (event.event === 'transfer_progressed') {
      this.bytes = event.bytes;
    } else return;
    this.#pace.note(this.bytes);
  }

  get view(): Transfer {
    const { cid, name, out, bytes, total } = this;
    return { cid, name, out, bytes, total, bytesPerSecond: this.#pace.perSecond(bytes) };
  }
}

export class Transfers {
  readonly #peer: Peer;
  readonly #shares: Shares;
  readonly #running = new Set<Running>();

  constructor(peer: Peer, shares: Shares) {
    this.#peer = peer;
    this.#shares = shares;
  }

  get views(): Transfer[] {
    return [...this.#running].map(({ view }) => view);
  }

  /** Fetches it. @throws HubswarmError; ERR_CONFLICT for what the daemon shares already */
  async get(request: GetRequest, { emit, signal }: Answer): Promise<void> {
    const way = await wayOf([request.thing]);
    if (way.kind !== 'content' || way.urls.length > 0) {
      throw new HubswarmError(
        'ERR_USAGE',
        `'${request.thing}': a daemon fetches share links and CIDs; --no-daemon fetches others`,
      );
    }
    const { target, callable } = way;
    this.#refuseHeld(target.cid, target.path);
    for (const address of callable.passedOver) {
      const message = `the link names ${address}, which is not called: a link comes from anybody`;
      emit({ event: 'warned', message });
    }
    const addresses = [...request.joins, ...callable.addresses];
    await attempt([signal], undefined, async (within) => {
      // It ends with the transfer, and with nothing else.
      if (addresses.length > 0) this.#peer.join(addresses, within).catch(() => {});
      await this.#fetch(target.cid, target.path, request, { emit, signal: within });
    });
  }

  async #fetch(
    cid: CID,
    path: string | undefined,
    { out, force, timeout }: GetRequest,
    { emit, signal }: { emit: Emit; signal: AbortSignal },
  ): Promise<void> {
    const running = new Running(cid.toString(), out, () => this.#peer.clock.now());
    let found = cid;
    let store: PieceStore | undefined;
    this.#running.add(running);
    try {
      const target = await this.#peer.get(cid, {
        out,
        force,
        path,
        timeoutMs: timeout === undefined ? Number.POSITIVE_INFINITY : timeout * 1000,
        signal,
        emit: (event) => {
          running.hear(event);
          emit(event);
        },
        onFound: (root) => {
          found = root;
          running.cid = root.toString();
        },
        onOpened: (opened) => {
          store = opened;
        },
      });
      const held = this.#peer.holds(found);
      if (store && held) {
        const imported = fetchedFrom(store as FileStore, held);
        await this.#shares.adopt(resolve(target), imported);
        emit(fileShared({ imported, leftOut: 0 }));
      }
    } catch (error) {
      // What came stays on the disk; the swarm of a transfer that was given up ends.
      if (this.#shares.index.of(found).length === 0) await this.#peer.end(found);
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  /** A peer has one swarm of a content. */
  #refuseHeld(cid: CID, path: string | undefined): void {
    const [share] = path === undefined ? this.#shares.index.of(cid) : [];
    const isRunning = [...this.#running].some((each) => each.cid === cid.toString());
    if (!share && !isRunning) return;
    const where = share ? `shares it already: ${share.path}` : 'fetches it already';
    throw new HubswarmError('ERR_CONFLICT', `the daemon ${where}`);
  }
}
