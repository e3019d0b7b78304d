// One peer of a simulated swarm: a real session behind links of so many bytes per
// second. State only; the swarm moves what passes between nodes.
import type { WebSeed } from '../exchange/neighbour/web-seed.ts';
import type { Session } from '../exchange/session.ts';
import type { SessionInit } from '../exchange/session-init.ts';
import type { Carriage } from './carriage.ts';
import { Downlink } from './downlink.ts';
import { Line } from './line.ts';
import { Uplink } from './uplink.ts';

interface LineOptions {
  /** Bytes per second. */
  readonly up: number;
  readonly down: number;
  /** What the buffer in front of either holds, in milliseconds at its rate. */
  readonly bufferMs: number;
}

export interface NodeOptions {
  /** Rate at which it sends, bytes per second: its cap, if told one; read anew for each block. */
  up: number;
  /** Rate of its downlink, bytes per second; unlimited if left out. */
  down?: number;
  /** The lines that it sits behind, whatever its session is told; none if left out. */
  line?: LineOptions;
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
  /** It is a web seed, and gives any piece to whoever asks. */
  webSeed?: WebSeed;
  /** Session options that differ from those of other nodes. */
  session?: Partial<SessionInit>;
}

/** One direction of a stream between two nodes: in order, and gone when either is. */
export interface SimStream {
  readonly from: SimNode;
  readonly to: SimNode;
  readonly carriage: Carriage;
  isOpen: boolean;
}

export class SimNode {
  readonly id: string;
  readonly session: Session;
  readonly options: NodeOptions;
  readonly uplink = new Uplink<SimStream>();
  readonly downlink: Downlink;
  readonly lines: { readonly up: Line; readonly down: Line } | undefined;
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
    const { line } = options;
    this.lines = line && {
      up: new Line(line.up, line.bufferMs),
      down: new Line(line.down, line.bufferMs),
    };
  }

  get alive(): boolean {
    return this.diedAt === undefined;
  }
}
