// What the routes of one running server share.
import type { Link } from '../link/link.ts';
import type { Emit } from '../telemetry/event.ts';
import type { BlockPlaces } from './block-route.ts';
import type { Catalogue, Entry } from './catalogue.ts';
import type { Exchange } from './exchange.ts';
import type { Opened, ServedRoot } from './served-root.ts';

export interface Hub {
  readonly root: ServedRoot;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly writable: boolean;
  readonly emit: Emit;
  /** How long a client may take or give nothing. */
  readonly stallMs: number;
  readonly front?: Front | undefined;
}

/** How a hub sends what a front has found. */
export interface Senders {
  file(segments: readonly string[], file: Opened, entry: Entry): Promise<void>;
  /** @param rest what follows `/ipfs/`. */
  block(places: BlockPlaces, rest: string): Promise<void>;
}

/** Stands before the root and answers in its place: an edge's cache (src/edge/). */
export interface Front {
  /** True when it has answered; what it leaves is the hub's own. @throws HttpFailure */
  answer(exchange: Exchange, send: Senders): Promise<boolean>;
  close(): Promise<void>;
}
