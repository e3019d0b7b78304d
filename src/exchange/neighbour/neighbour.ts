// What a session knows of one neighbour, by who owns it: uploads the taker, downloads the
// source, the outbox what it is told.
import type { Bitfield } from '../../content/bitfield.ts';
import { MessageBudget } from './message-budget.ts';
import { Source } from './source.ts';
import { Taker } from './taker.ts';
import { Telling } from './telling.ts';
import type { WebSeed } from './web-seed.ts';

export interface NeighbourKind {
  readonly withdraws?: boolean;
  readonly webSeed?: WebSeed | undefined;
}

export class Neighbour {
  readonly id: string;
  /** Whether it understands `withdraw`. */
  readonly withdraws: boolean;
  /** Set if it is a web seed. */
  readonly webSeed: WebSeed | undefined;
  /** Its pieces; undefined until it says hello. */
  pieces: Bitfield | undefined;
  addresses: readonly string[] = [];
  /** Pieces of which it has said that they are lost. */
  withdrawn: Bitfield | undefined;
  /** What its messages may cost this peer. */
  readonly messageBudget = new MessageBudget();
  /** What it takes from us. */
  readonly taker = new Taker();
  /** What it gives us. */
  readonly source: Source;
  /** What it is told of us. */
  readonly telling = new Telling();

  constructor(id: string, { withdraws = false, webSeed }: NeighbourKind = {}) {
    this.id = id;
    this.withdraws = withdraws;
    this.webSeed = webSeed;
    this.source = new Source(id);
  }

  has(piece: number): boolean {
    return this.pieces?.has(piece) ?? false;
  }

  /** Number of its pieces, with those under way from us and those it has not confirmed. */
  get piecesSoon(): number {
    return (this.pieces?.count ?? 0) + this.taker.grants.size + this.taker.unacknowledged.size;
  }
}
