// A progress bar: how much is there, how fast it comes now, and how long the rest takes.
import type { LiveLine } from '../../runtime/node/live-line.ts';
import { bytes } from './bytes.ts';

/** Between two drawings, milliseconds: as often as an eye follows. Chosen. */
const DRAW_INTERVAL_MS = 100;
/** Between two drawings while nothing comes: the rate falls then. */
const IDLE_INTERVAL_MS = 1000;
/** Over which the rate is taken, milliseconds. Chosen: steady to the eye, and soon at zero. */
const RATE_WINDOW_MS = 5000;

/** How fast, and how long it still takes; nothing is known before the first bytes have come. */
export function describeSpeed(bytesPerSecond: number, leftBytes: number) {
  if (bytesPerSecond <= 0) return { rate: '-', left: '-' };
  const left = Math.ceil(leftBytes / bytesPerSecond);
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
  const parts =
    hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m${left % 60}s` : `${left}s`;
  return { rate: `${bytes(bytesPerSecond)}/s`, left: parts };
}

/** Of the bar itself, in characters. Chosen. */
const BAR_WIDTH = { least: 8, most: 40 } as const;

/** A bar that fits the width: it shrinks first, then goes; the time left is never cut. */
export function describeProgress(
  { done, total, bytesPerSecond }: { done: number; total: number; bytesPerSecond: number },
  width: number,
): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const { rate, left } = describeSpeed(bytesPerSecond, Math.max(0, total - done));
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const amount = `${bytes(done)}/${bytes(total)}`;
  const known = `${amount}  ${rate}  ETA ${left}`;
  const room = Math.min(BAR_WIDTH.most, width - percent.length - known.length - 3);
  if (room >= BAR_WIDTH.least) {
    const full = Math.round(share * room);
    return `${percent} ${'\u25a0'.repeat(full)}${'\u00b7'.repeat(room - full)}  ${known}`;
  }
  const shorter = [`${percent}  ${known}`, `${percent}  ${rate}  ETA ${left}`];
  return shorter.find((text) => text.length <= width) ?? `${percent}  ETA ${left}`;
}

export class Bar {
  readonly #line: LiveLine;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  /** Of the last seconds, oldest first. */
  readonly #seen: { atMs: number; done: number }[] = [];
  #done = 0;
  #total = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds */
  constructor(line: LiveLine, now: () => number) {
    this.#line = line;
    this.#now = now;
    this.#timer = setInterval(() => this.#draw(), IDLE_INTERVAL_MS).unref();
  }

  /** Bytes so far, of how many. */
  progress(done: number, total: number): void {
    this.#done = done;
    this.#total = total;
    if (this.#now() - this.#drawnMs >= DRAW_INTERVAL_MS || done >= total) this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #draw(): void {
    const atMs = this.#now();
    this.#drawnMs = atMs;
    this.#seen.push({ atMs, done: this.#done });
    while (this.#seen.length > 2 && this.#seen[1]!.atMs <= atMs - RATE_WINDOW_MS)
      this.#seen.shift();
    const [oldest] = this.#seen;
    const passedMs = atMs - oldest!.atMs;
    const bytesPerSecond = passedMs > 0 ? ((this.#done - oldest!.done) * 1000) / passedMs : 0;
    const bar = { done: this.#done, total: this.#total, bytesPerSecond };
    this.#line.draw(describeProgress(bar, this.#line.width));
  }
}
