// What all kinds of attack have in common: they claim every piece and offer grants. They differ in
// what follows when a neighbour binds a grant.
import type { Link } from '../link/link.ts';
import type { UploadQueue } from '../swarm/upload-queue.ts';
import type { Line } from './line.ts';

/** Is told what neighbours do that lack pieces. */
export interface Conduct {
  /** The neighbour said hello. */
  handleMet?(line: Line): void;
  /** The neighbour bound a grant to a piece of `length` bytes. */
  handleRequest(line: Line, piece: number, length: number): void;
  /** The neighbour no longer wants the piece from here. */
  handleCancel?(line: Line, piece: number): void;
  handleLeft?(line: Line): void;
}

/** How an attacker sends: its link is capped and counted like any peer's. */
export interface Means {
  readonly link: Link;
  readonly uploads: UploadQueue;
}
