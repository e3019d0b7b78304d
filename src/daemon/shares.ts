// What the daemon shares: it is served, told to the DHT and kept on the disk, and each of these ends with
// it. A share that was hashed once is not hashed again: after a restart it is as the list has it, and
// whether its files are still what they were is looked at on the side, and again whenever they are read.
import type { CID } from 'multiformats/cid';
import { decodeCid } from '../content/cid.ts';
import type { Imported } from '../disk/import/import.ts';
import { fileShared, importShared, type ShareOptions } from '../peer/import-shared.ts';
import type { Peer } from '../peer/peer.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';
import { describeError, reworded } from '../runtime/errors.ts';
import { unawaited } from '../runtime/guarded.ts';
import { NamedGates } from '../runtime/named-gates.ts';
import type { Emit, Event } from '../telemetry/event.ts';
import { type Limits, limitReached } from './limits.ts';
import { Served } from './served.ts';
import { contentOf, isOver, type Share, type ShareState, toImported } from './share.ts';
import { ShareIndex } from './share-index.ts';
import { ShareList } from './share-list.ts';
import { stateOnDisk } from './state-on-disk.ts';

/** Between two looks at the files, and at the limits; between two notes of what was sent. Chosen. */
const LOOK_MS = 10 * 60_000;
const FIRST_LOOK_MS = 1000;
const LIMITS_MS = 1000;
const NOTE_MS = 60_000;
/** Shares looked at between two rounds of the event loop. Chosen. */
const AT_ONCE = 16;

const UNNOTED =
  'not shared any more, but would be after a kill: that it ended is noted as soon as there is room';

export interface SharesInit {
  readonly path: string;
  readonly limits: Limits;
  readonly clock: Timers;
  readonly emit: Emit;
}

export class Shares {
  readonly index = new ShareIndex();
  readonly served = new Served(this.index);
  readonly #init: SharesInit;
  /** Those of which more was sent than is noted. */
  readonly #unnoted = new Set<Share>();
  readonly #cancels: Cancel[] = [];
  #list!: ShareList;
  #peer: Peer | undefined;
  /** By path: two changes of one would leave what nobody can end any more. */
  readonly #changes = new NamedGates();
  #looking = false;

  private constructor(init: SharesInit) {
    this.#init = init;
  }

  /** Reads what was shared before. @throws HubswarmError */
  static async open(init: SharesInit): Promise<Shares> {
    const shares = new Shares(init);
    const from = init.clock.now();
    const warn = (message: string): void => init.emit({ event: 'warned', message });
    const { list, found } = await ShareList.open(init.path, () => shares.index.all, warn);
    shares.#list = list;
    for (const share of found) shares.index.add(share);
    const ms = init.clock.now() - from;
    if (found.length > 0) init.emit({ event: 'shares_restored', shares: found.length, ms });
    return shares;
  }

  /** The shares of a path, or of a CID. */
  of(pathOrCid: string): Share[] {
    const share = this.index.at(pathOrCid);
    if (share) return [share];
    const cid = decodeCid(pathOrCid);
    return cid ? this.index.of(cid) : [];
  }

  /** Serves through this peer from now on. Its option `other` must be `served`. */
  begin(peer: Peer): void {
    this.#peer = peer;
    for (const share of this.index.all) if (!isOver(share)) this.#serve(share);
    const { clock } = this.#init;
    const look = (): void => unawaited('looking at shared files', this.#look());
    this.#cancels.push(
      clock.every(LOOK_MS, 'looking at shared files', look),
      clock.every(NOTE_MS, 'noting what was sent', () =>
        unawaited('noting what was sent', this.#note()),
      ),
    );
    const { maxRatio, maxSeedMs } = this.#init.limits;
    if (maxRatio !== undefined || maxSeedMs !== undefined) {
      const check = (): void => this.#checkLimits();
      this.#cancels.push(clock.every(LIMITS_MS, 'looking at limits', check));
    }
    // Those that ask come first.
    this.#cancels.push(clock.after(FIRST_LOOK_MS, 'looking at shared files', look));
  }

  /** Shares a path from now on, also after a restart. @throws HubswarmError */
  async share(path: string, options: ShareOptions, emit: Emit): Promise<Share> {
    const peer = this.#peer!;
    const { clock, hashedDir } = peer;
    const told = { clock, hashedDir, emit };
    const shared = await importShared(told, path, options);
    options.signal?.throwIfAborted();
    const share = await this.#keep(path, shared.imported);
    emit(fileShared(shared));
    return share;
  }

  /** Keeps what was fetched, and is served already. */
  adopt(path: string, imported: Imported): Promise<Share> {
    return this.#keep(path, imported);
  }

  #keep(path: string, imported: Imported): Promise<Share> {
    return this.#changes.run(path, () => this.#replace(path, imported));
  }

  async #replace(path: string, imported: Imported): Promise<Share> {
    const content = contentOf(imported);
    const before = this.index.at(path);
    if (before) await this.#drop(before);
    const goesOn = before?.cid.equals(content.cid) && !isOver(before) ? before : undefined;
    const { sharedAt, sentBytes } = goesOn ?? { sharedAt: Date.now(), sentBytes: 0 };
    const share: Share = { ...content, path, sharedAt, sentBytes, state: 'shared' };
    this.#add(share);
    try {
      await this.#list.put(share);
    } catch (error) {
      // Who is told that it failed expects things to be as they were.
      await this.#drop(share);
      if (before) this.#add(before);
      const state = before ? 'shared as before' : 'not shared';
      throw reworded(error, (message) => `${message}; ${path} is ${state}`);
    }
    return share;
  }

  /** Shares it no more, and forgets it. @returns what was told of it; undefined if it was gone already */
  async unshare(share: Share): Promise<Event | undefined> {
    return this.#changes.run(share.path, async () => {
      if (this.index.at(share.path) !== share) return undefined;
      await this.#drop(share);
      const event = this.#tellEnd(share, 'unshared');
      try {
        await this.#list.remove(share.path);
      } catch (error) {
        throw reworded(error, (message) => `${message}; ${share.path} is ${UNNOTED}`);
      }
      return event;
    });
  }

  /** Counts what was sent of a content; several paths may have it. */
  readonly noteSent = (content: CID, bytes: number): void => {
    for (const share of this.index.of(content)) {
      share.sentBytes += bytes;
      this.#unnoted.add(share);
    }
  };

  async close(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    await this.#note();
    await this.#list.close();
  }

  /** Serves it, if that is not so already. */
  #serve(share: Share): void {
    const peer = this.#peer;
    if (!peer) return;
    const { cid, kind } = share;
    if (kind === 'directory' && !peer.holds(cid)) peer.serve(toImported(share));
    peer.announce(cid);
  }

  #add(share: Share): void {
    this.index.add(share);
    if (!isOver(share)) this.#serve(share);
  }

  /** Everything but its line in the list. */
  async #drop(share: Share): Promise<void> {
    this.index.remove(share);
    this.#unnoted.delete(share);
    await this.#stopServing(share);
  }

  async #stopServing({ cid }: Share): Promise<void> {
    await this.#peer?.end(cid);
    // The same content may lie at another path.
    const other = this.index.of(cid).find((each) => !isOver(each));
    if (other) this.#serve(other);
  }

  #checkLimits(): void {
    for (const share of this.index.all) {
      const reached = limitReached(share, this.#init.limits, Date.now());
      if (reached) unawaited('ending a share', this.#end(share, reached));
    }
  }

  /** It stays in the list, where a person sees why it is not served. */
  async #end(share: Share, reached: 'ratio' | 'time'): Promise<void> {
    share.state = reached;
    this.#tellEnd(share, reached);
    await this.#stopServing(share);
    await this.#list.note([share]);
  }

  #tellEnd(share: Share, reason: 'unshared' | 'ratio' | 'time'): Event {
    const { cid, name, path, bytes, sentBytes, sharedAt } = share;
    const ms = Date.now() - sharedAt;
    const told = { cid: cid.toString(), name, path, reason, bytes, sentBytes, ms };
    const event: Event = { event: 'share_ended', ...told };
    this.#init.emit(event);
    return event;
  }

  async #note(): Promise<void> {
    const shares = [...this.#unnoted];
    this.#unnoted.clear();
    try {
      if (shares.length > 0) await this.#list.note(shares);
      await this.#list.mend();
    } catch (error) {
      const message = `what was sent is not noted: ${describeError(error)}`;
      this.#init.emit({ event: 'warned', message });
    }
  }

  /** Looks at all files, some at a time. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      let count = 0;
      for (const share of [...this.index.all]) {
        if (isOver(share)) continue;
        const state = await stateOnDisk(share.sources);
        if (!isOver(share) && this.index.at(share.path) === share) this.#setState(share, state);
        if (++count % AT_ONCE === 0) await this.#init.clock.sleep(0);
      }
    } finally {
      this.#looking = false;
    }
  }

  #setState(share: Share, state: Exclude<ShareState, 'ratio' | 'time'>): void {
    if (share.state === state) return;
    share.state = state;
    const { cid, name, path } = share;
    this.#init.emit({ event: 'share_changed', cid: cid.toString(), name, path, state });
  }
}
