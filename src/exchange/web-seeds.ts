// Which piece is asked of a web seed (BEP 19): a server that has the whole file, and gives any piece
// to whoever asks. It pays for every copy, so it is asked for what the swarm will not bring.
//
// Conditions of a pick; check them again with every change:
// - without another source, every piece is asked of it, neighbours of the last one first: a run of
//   pieces is one request;
// - if the same host is a neighbour too, it gives by the same link: the web seed is asked only after
//   the swarm has brought nothing for long; at the start, while it may become one, for one piece at a
//   time: a swarm that gathers has not met yet, and many at once come late and twice;
// - else a piece that no neighbour has is asked by one of those who may ask: each piece belongs to
//   the one whose PeerId weighs most for it (rendezvous hashing), so that nothing is sent twice and
//   nobody has to be told;
// - a neighbour counts as one of them for a while, and for as long as it brings such pieces: it may
//   have no way to the server;
// - what belongs to others is asked for as well once the swarm is silent, or much slower.
import type { Neighbour } from './neighbour/neighbour.ts';
import type { PickView } from './picker.ts';
import type { SwarmState } from './state.ts';

/** Pieces on their way from a web seed while there are other sources: one comes, one waits. */
const MOST_BESIDE_SWARM = 2;
/**
 * A swarm that brings nothing for so long, and twice the web seed's time for a piece, is helped.
 * Chosen: many round trips.
 */
const SILENT_MS = 1000;
/** The same if the web seed's host is a neighbour: it may serve others at the moment. Chosen. */
const SILENT_TWIN_MS = 5000;
/** For so long the web seed's host may be on its way to be a neighbour. Chosen: a dial on a busy machine. */
const TWIN_COMES_MS = 2000;
/**
 * For so long a neighbour is expected to bring what nobody had, and three times as long as the web
 * seed takes to give this peer a piece. With 5 s alone, 8 peers of a server of 1 Mbit/s took 1.9
 * copies of it (simulated), 1.1 with this.
 */
const BRINGS_MS = 5000;
const BRINGS_PIECES = 3;
/** A swarm is slower if the web seed gives a piece at more than so many times its rate. Chosen. */
const MUCH_FASTER = 2;
/** The swarm's rate is that of about so long, and is not judged before. Chosen. */
const RATE_MS = 3000;
/** The web seed's rate is measured again after so long without a piece of it. Chosen. */
const STALE_MS = 10_000;

export class WebSeeds {
  readonly #state: SwarmState;
  readonly #self: number;
  /** When a web seed was first thought of. */
  #beganAt: number | undefined;
  /** Since when there are other sources; undefined while there are none. */
  #swarmSince: number | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Bytes of the swarm; each weighs 1/e after RATE_MS. */
  #bytes = 0;
  #bytesAt = 0;
  /** The piece last asked of a web seed, and when. */
  #lastPiece: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Neighbours by when they last brought a piece that only web seeds had. */
  readonly #brought = new WeakMap<Neighbour, number>();

  constructor(state: SwarmState, self: string) {
    this.#state = state;
    this.#self = weightOf(self);
  }

  /** A neighbour sent a block. */
  noteBlock({ webSeed }: Neighbour, bytes: number, now: number): void {
    if (webSeed) return;
    this.#heardAt = now;
    this.#bytes = this.#bytesIn(now) + bytes;
    this.#bytesAt = now;
  }

  /** A neighbour has a missing piece that so many others had before. */
  noteHave(neighbour: Neighbour, copies: number, now: number): void {
    if (copies === this.#count()) this.#brought.set(neighbour, now);
  }

  /** A piece was asked of a neighbour. */
  noteAsked({ webSeed }: Neighbour, piece: number, now: number): void {
    if (!webSeed) return;
    this.#lastPiece = piece;
    this.#askedAt = now;
  }

  /** The piece to ask of a web seed now; undefined if there is none. */
  pick(view: PickView, seed: Neighbour, now: number): number | undefined {
    const others = [...this.#state.neighbours.values()].filter(
      ({ webSeed, pieces }) => webSeed === undefined && pieces !== undefined,
    );
    if (others.length === 0) this.#swarmSince = undefined;
    else this.#swarmSince ??= now;
    const since = this.#swarmSince ?? now;
    this.#beganAt ??= now;
    const silentMs = now - Math.max(this.#heardAt, since);
    const twin = seed.webSeed?.twin;
    if (others.some(({ id }) => id === twin)) {
      return silentMs < SILENT_TWIN_MS ? undefined : pickAny(view, seed, this.#lastPiece);
    }
    const { usualMs, fetches } = seed.source;
    const isTwinDue = twin !== undefined && now - this.#beganAt < TWIN_COMES_MS;
    if (isTwinDue && fetches.size > 0) return undefined;
    // Nobody is expected to be faster than this peer.
    const patienceMs = BRINGS_MS + BRINGS_PIECES * (usualMs ?? now - since);
    const sharers = others.filter((other) => now - this.#broughtAt(other, since) < patienceMs);
    const isAlone = sharers.length === 0 && others.every(({ source }) => source.wanted === 0);
    if (isAlone) return pickAny(view, seed, this.#lastPiece);
    if (fetches.size >= MOST_BESIDE_SWARM) return undefined;
    const own = this.#pickOwn(
      view,
      seed,
      sharers.map(({ id }) => weightOf(id)),
    );
    if (own !== undefined) return own;
    const isSilent = silentMs >= SILENT_MS + 2 * (usualMs ?? 0);
    const isLate = isSilent || this.#isSlower(seed, since, now);
    return isLate ? pickAny(view, seed) : undefined;
  }

  /** When it last brought what only web seeds had, or began to be expected to. */
  #broughtAt(other: Neighbour, since: number): number {
    if (other.pieces?.isFull) return Number.NEGATIVE_INFINITY;
    return this.#brought.get(other) ?? since;
  }

  /** A piece that no other neighbour has, and that belongs to this peer. */
  #pickOwn(view: PickView, seed: Neighbour, sharers: readonly number[]): number | undefined {
    const { missing } = view;
    const copies = this.#count();
    for (let place = 0; place < missing.size; place++) {
      const piece = missing.at(place);
      if (missing.count(piece) > copies) return undefined;
      if (!isCandidate(view, seed, piece)) continue;
      const own = mix(this.#self, piece);
      if (sharers.every((sharer) => mix(sharer, piece) < own)) return piece;
    }
    return undefined;
  }

  #isSlower({ source }: Neighbour, since: number, now: number): boolean {
    if (now - since < RATE_MS) return false;
    const pieceMs = source.usualMs;
    if (pieceMs === undefined || now - this.#askedAt > STALE_MS) return source.fetches.size === 0;
    const rate = (this.#bytesIn(now) / RATE_MS) * 1000;
    return (this.#state.geometry.maxLength / pieceMs) * 1000 > MUCH_FASTER * rate;
  }

  #bytesIn(now: number): number {
    return this.#bytes * Math.exp((this.#bytesAt - now) / RATE_MS);
  }

  /** Number of web seeds that said hello: each has every piece. */
  #count(): number {
    let count = 0;
    for (const { webSeed, pieces } of this.#state.neighbours.values()) {
      if (webSeed && pieces) count++;
    }
    return count;
  }
}

/** The piece behind `last`, else the rarest; ties are random. */
function pickAny(
  view: PickView,
  seed: Neighbour,
  last: number | undefined = undefined,
): number | undefined {
  const { missing, pieceCount } = view;
  const next = last === undefined ? pieceCount : last + 1;
  if (next < pieceCount && isCandidate(view, seed, next)) return next;
  for (let place = 0; place < missing.size; place++) {
    const piece = missing.at(place);
    if (isCandidate(view, seed, piece)) return piece;
  }
  return undefined;
}

const isCandidate = (view: PickView, { source }: Neighbour, piece: number): boolean =>
  view.isWanted(piece) && !source.fetches.has(piece) && !source.refused.has(piece);

/** FNV-1a. */
function weightOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash;
}

/** The last steps of MurmurHash3: each bit of either argument changes about half of the result. */
function mix(weight: number, piece: number): number {
  let hash = weight ^ Math.imul(piece + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
