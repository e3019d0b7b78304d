// One peer of a simulated swarm: a real session behind links of so many bytes per
// second. State only; the swarm moves what passes between nodes.
import type { Session, SessionInit } from '../exchange/session.ts';
import { Downlink } from './downlink.ts';
import { Uplink } from './uplink.ts';

export interface NodeOptions {
  /** Rate of its uplink, bytes per second; read anew for each block. */
  up: number;
  /** Rate of its downlink, bytes per second; unlimited if left out. */
  down?: number;
  /** Pieces it starts with. */
  have?: 'all' | 'none' | Iterable<number>;
  /** Sends wrong bytes in every piece. */
  poison?: boolean;
  /** Offers grants and sends no piece; it need not have the pieces that it claims. */
  silent?: boolean;
  /** Takes and never gives: what it offers is lost before it leaves. */
  freeRides?: boolean;
  /** Dies the moment it has sent so many bytes. */
  diesAfterBytes?: number;
  /** Dies the moment it has stored so many bytes, complete or not. */
  diesAtBytes?: number;
  /** Leaves so long after it is complete; stays when left out. */
  lingerMs?: number;
  /** Session options that differ from those of other nodes. */
  session?: Partial<SessionInit>;
}

/** One direction of a stream between two nodes: in order, and gone when either is. */
export interface SimStream {
  readonly from: SimNode;
  readonly to: SimNode;
  readonly latencyMs: number;
  isOpen: boolean;
  /** Messages that came in and wait behind a block in the downlink, and until when. */
  held: number;
  heldUntil: number;
}

export class SimNode {
  readonly id: string;
  readonly session: Session;
  readonly options: NodeOptions;
  readonly uplink = new Uplink<SimStream>();
  readonly downlink: Downlink;
  /** The streams to its neighbours, by their ids. */
  readonly links = new Map<string, SimStream>();
  readonly banned = new Set<string>();
  /** Payload. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Completion time on the swarm's clock; undefined for a node that started complete. */
  completedAt: number | undefined;
  /** When it had its first piece checked and stored. */
  firstPieceAt: number | undefined;
  diedAt: number | undefined;
  /** When its next tick is due. */
  wakeAt = Number.POSITIVE_INFINITY;
  storedBytes = 0;
  refusedPieces = 0;

  constructor(id: string, session: Session, options: NodeOptions) {
    this.id = id;
    this.session = session;
    this.options = options;
    this.downlink = new Downlink(options.down ?? Number.POSITIVE_INFINITY);
  }

  get alive(): boolean {
    return this.diedAt === undefined;
  }
}
