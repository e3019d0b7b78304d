// What a swarm is given: its maker's callbacks, and the parts of a peer that all its swarms share.
import type { CID } from 'multiformats/cid';
import type { LossReason } from '../content/store.ts';
import type { Message } from '../exchange/wire/message.ts';
import type { Link } from '../link/link.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Rng } from '../runtime/rng.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Callees } from './callees.ts';
import type { Network } from './network.ts';
import type { Policy } from './policy.ts';
import type { UploadQueue } from './upload-queue.ts';

/** Callbacks of a swarm for its maker. */
export interface SwarmHooks {
  onPieceStored?(piece: number): void;
  /** Called when a piece was copied from an equal one of the same content. */
  onPieceCopied?(piece: number): void;
  onCompleted?(): void;
  /** Called when a neighbour took back pieces of these files, which are missing. */
  onWithdrawn?(paths: readonly string[], reason: LossReason): void;
  /** Called when the disk failed: the download cannot go on. */
  onFailed?(error: unknown): void;
}

/** The parts of a peer that all its swarms share. */
export interface SwarmHost {
  readonly network: Network;
  readonly link: Link;
  readonly uploads: UploadQueue;
  readonly callees: Callees;
  readonly clock: Timers;
  readonly rng: Rng;
  readonly policy: Policy;
  readonly emit: Emit;
  /** Multiaddrs under which this peer can be reached. */
  addresses(): readonly string[];
  /** The uplink's cap in bytes per second; Infinity if we do not know where packets queue. */
  uplinkCap(): number;
  isBanned(peer: string): boolean;
  /**
   * @param forLoad whether the peer sent more than this peer can handle, and broke no other rule
   */
  onBan(peer: string, reason: string, forLoad: boolean): void;
  /** Told of each piece that was sent: of which content, as it was shared, and how many bytes. */
  onSent?(content: CID, bytes: number): void;
  /** Whether a message may leave; false drops it. If left out, all may. For experiments. */
  maySend?(message: Message): boolean;
}
