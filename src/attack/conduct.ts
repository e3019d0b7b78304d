// What kinds of attack have in common: all claim every piece and offer turns. They differ
// in what comes of a turn that a neighbour takes.
import type { Link } from '../link/link.ts';
import type { UploadQueue } from '../peer/upload-queue.ts';
import type { Line } from './line.ts';

/** Told what neighbours do, those that lack pieces only. */
export interface Conduct {
  /** It said hello. */
  handleMet?(line: Line): void;
  /** It bound a turn to a piece of so many bytes. */
  handleRequest(line: Line, piece: number, length: number): void;
  /** It does not want the piece from here any more. */
  handleCancel?(line: Line, piece: number): void;
  handleLeft?(line: Line): void;
}

/** With what an attacker sends: its link is capped and counted as anybody's. */
export interface Means {
  readonly link: Link;
  readonly uploads: UploadQueue;
}
