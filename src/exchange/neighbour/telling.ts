/** What a neighbour was told of us, and what it is to be told together with the next message. */
export class Telling {
  /** Whether we want something from it now. */
  amInterested = false;
  /** Whether we wanted something when we last told it. */
  toldInterested = false;
  /** Pieces that it was not told of yet. */
  readonly unsentHaves: number[] = [];
}
