// Which lane fetches which pieces when several connections fetch one file. Runs of pieces are given
// out from the front. It decides
// - how long a run is: what its connection delivers in about a second, and at the end its share of
//   the rest, so that all lanes end at the same time;
// - what happens when no run is left: an idle lane takes over the tail of the run that will take
//   longest, or that run's last piece once more; the first copy counts;
// - when a silent lane's run is given to others. The lane is not cut: it may go on with what no
//   other lane took.
// Pure: time is an argument. download.ts fetches the pieces.
import type { Bitfield } from '../../content/bitfield.ts';
import type { Geometry } from '../../content/geometry.ts';
import type { Speed } from '../mirrors/speed.ts';

/** One connection's worth of asking. */
export interface Lane {
  readonly speed: Speed;
}

export interface Segment {
  readonly lane: Lane;
  /** The first incomplete piece, and the bytes of it that came. */
  next: number;
  filled: number;
  /** Exclusive end; shrinks when another lane takes the tail over. */
  end: number;
  heardAt: number;
  /**
   * Whether this side does not read on (disk, pipe, a capped link): then silence is not the
   * remote's fault.
   */
  held: boolean;
}

/** How far ahead a sink that takes bytes in order lets pieces be fetched. */
export interface Window {
  /** The first piece that was not written yet. */
  readonly first: number;
  readonly bytes: number;
}

/** First run of a connection that was not measured yet. Chosen. */
const FIRST_BYTES = 2 ** 20;
/** Duration of a run. Chosen: a round trip between two runs is a few per cent at most. */
const RUN_MS = 1000;
/** Longest run. Chosen: bytes of a run that is taken over are wasted in part. */
const MAX_RUN_BYTES = 64 * 2 ** 20;
/** A lane is silent after so long: then a piece can be fetched elsewhere within a second. */
const SILENT_MS = 600;
/** A run with less time left is not taken over: that costs a request and a connection. */
const WORTH_MS = 60;

export class Segments {
  readonly #geometry: Geometry;
  readonly #have: Bitfield;
  readonly #window: Window | undefined;
  readonly #running = new Set<Segment>();
  /** All pieces before this one are here. */
  #front = 0;

  constructor(geometry: Geometry, have: Bitfield, window?: Window) {
    this.#geometry = geometry;
    this.#have = have;
    this.#window = window;
  }

  /**
   * What the lane shall fetch next; undefined if it is of no use now. Give it back with release().
   *
   * @param lanes number of lanes that share the work; a single lane gets all
   */
  take(lane: Lane, lanes: number, now: number): Segment | undefined {
    const run = this.#freeRun(lane, lanes, now) ?? this.#takeOver(lane, now);
    if (!run) return undefined;
    const segment = { lane, ...run, filled: 0, heardAt: now, held: false };
    this.#running.add(segment);
    lane.speed.begin(now);
    return segment;
  }

  release(segment: Segment): void {
    this.#running.delete(segment);
  }

  /** Bytes came, up to `filled` of the piece `next`. Returns false if the rest is not needed. */
  handleBytes(segment: Segment, next: number, filled: number, now: number): boolean {
    // Pieces that other lanes got meanwhile stay with them.
    if (this.#isSilent(segment, now)) segment.end = this.#ownEnd(segment, now);
    segment.next = Math.max(segment.next, next);
    segment.filled = filled;
    segment.heardAt = now;
    while (segment.next < segment.end && filled === 0 && this.#have.has(segment.next)) {
      segment.next++;
    }
    const last = segment.next + 1 >= segment.end;
    return segment.next < segment.end && !(last && this.#have.has(segment.next));
  }

  #freeRun(lane: Lane, lanes: number, now: number): { next: number; end: number } | undefined {
    const until = this.#until(lanes);
    const next = this.#firstFree(now, until);
    if (next === undefined) return undefined;
    const limit = this.#geometry.offset(next) + this.#wanted(lane, lanes, next);
    let end = next + 1;
    while (end < until && this.#isFree(end, now) && this.#geometry.offset(end + 1) <= limit) end++;
    return { next, end };
  }

  #wanted(lane: Lane, lanes: number, next: number): number {
    if (lanes === 1) return Number.POSITIVE_INFINITY;
    const rest = this.#geometry.totalLength - this.#geometry.offset(next);
    const rate = lane.speed.bytesPerSecond;
    if (rate === undefined) return Math.min(FIRST_BYTES, rest / lanes);
    let allRates = rate;
    for (const { lane: other } of this.#running) allRates += other.speed.bytesPerSecond ?? 0;
    const room = this.#window ? this.#window.bytes / (2 * lanes) : MAX_RUN_BYTES;
    return Math.min((rate * RUN_MS) / 1000, (rest * rate) / allRates, room);
  }

  /** Takes over the tail of the run that takes longest, or its last piece once more. */
  #takeOver(lane: Lane, now: number): { next: number; end: number } | undefined {
    const victim = this.#slowest(now);
    if (!victim) return undefined;
    const leftMs = this.#leftMs(victim, now);
    const ownRate = lane.speed.bytesPerSecond ?? this.#rate(victim, now);
    const pieceMs = (this.#geometry.length(victim.end - 1) / ownRate) * 1000;
    if (leftMs < pieceMs + WORTH_MS) return undefined;
    const whole = victim.end - victim.next - 1;
    if (whole === 0) {
      return this.#isTwice(victim) ? undefined : { next: victim.next, end: victim.end };
    }
    const share = ownRate / (ownRate + this.#rate(victim, now));
    const { end } = victim;
    victim.end = end - Math.min(whole, Math.max(1, Math.floor(whole * share)));
    return { next: victim.end, end };
  }

  #slowest(now: number): Segment | undefined {
    let slowest: Segment | undefined;
    for (const segment of this.#running) {
      if (segment.next >= segment.end || segment.held) continue;
      if (!slowest || this.#leftMs(segment, now) > this.#leftMs(slowest, now)) slowest = segment;
    }
    return slowest;
  }

  /** How long that run will still take, in ms. */
  #leftMs(segment: Segment, now: number): number {
    const end = this.#geometry.offset(segment.end - 1) + this.#geometry.length(segment.end - 1);
    const bytes = end - this.#geometry.offset(segment.next) - segment.filled;
    return (bytes / this.#rate(segment, now)) * 1000;
  }

  /**
   * The lane's rate, which falls while no byte comes. Before a measurement, as if its first piece
   * came now.
   */
  #rate(segment: Segment, now: number): number {
    const silentMs = Math.max(1, now - segment.heardAt);
    const measured = segment.lane.speed.bytesPerSecond;
    if (measured === undefined) return (FIRST_BYTES * 1000) / (silentMs + RUN_MS / 4);
    return (measured * RUN_MS) / (RUN_MS + silentMs);
  }

  #isTwice(segment: Segment): boolean {
    for (const other of this.#running) {
      if (other !== segment && other.next <= segment.next && segment.next < other.end) return true;
    }
    return false;
  }

  #firstFree(now: number, until: number): number | undefined {
    while (this.#front < this.#geometry.pieceCount && this.#have.has(this.#front)) this.#front++;
    for (let piece = this.#front; piece < until; piece++) {
      if (this.#isFree(piece, now)) return piece;
    }
    return undefined;
  }

  #isFree(piece: number, now: number): boolean {
    if (this.#have.has(piece)) return false;
    for (const segment of this.#running) {
      if (segment.next <= piece && piece < segment.end && !this.#isSilent(segment, now)) {
        return false;
      }
    }
    return true;
  }

  #isSilent(segment: Segment, now: number): boolean {
    return !segment.held && now - segment.heardAt > SILENT_MS;
  }

  /** The first piece, behind the lane's own, that another lane has or fetches. */
  #ownEnd(segment: Segment, now: number): number {
    this.#running.delete(segment);
    let end = Math.min(segment.end, segment.next + 1);
    while (end < segment.end && this.#isFree(end, now)) end++;
    this.#running.add(segment);
    return end;
  }

  /** The end of the window. A single lane keeps the order by itself. */
  #until(lanes: number): number {
    const { pieceCount, totalLength } = this.#geometry;
    if (!this.#window || lanes === 1) return pieceCount;
    const { first, bytes } = this.#window;
    if (first >= pieceCount) return pieceCount;
    const end = this.#geometry.offset(first) + bytes;
    return end >= totalLength ? pieceCount : Math.max(first + 1, this.#geometry.pieceAt(end));
  }
}
