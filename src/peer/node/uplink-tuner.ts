// `--uplink auto`: paces the uplink only where something queues in front of it. LineWatch sees that by
// probes to neighbours to which no piece is being sent; while it sees none, the link has no cap. Once
// there is one, or while pieces go to every neighbour, the link has the rate that AutoRate computes
// from probes behind the pieces. While no piece is sent nothing can queue: then nobody is probed, and
// the rate stays.
import { peerIdFromString } from '@libp2p/peer-id';
import { AutoRate } from '../../link/auto-rate.ts';
import { LineWatch } from '../../link/line-watch.ts';
import type { Link } from '../../link/link.ts';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Node } from './node.ts';
import { PROBE_PROTOCOL } from './probe-answers.ts';
import { type AnsweredProbe, PING_PROTOCOL, ProbeStream } from './probe-stream.ts';

/**
 * Neighbours probed at once: two show whether a delay is the uplink's or one receiver's; more show
 * the same.
 */
const MOST_PROBED = 2;
/** Neighbours watched at once, to which nothing is being sent: one of three may be slow itself. */
const MOST_WATCHED = 3;
/** Time between probes of one that is watched; each costs two small frames at either end. Chosen. */
const WATCH_EVERY_MS = 250;
/** The line counts as watched for so long after an answer: at times all are being sent to. Chosen. */
const WATCHED_FOR_MS = 10_000;
/**
 * A receiver counts as in use for so long after its last piece, since there are gaps between
 * pieces.
 */
const PROBED_AFTER_MS = 500;
/** A probe stream is kept for so long after the last piece: opening one costs two round trips. */
const KEPT_AFTER_MS = 5000;
/** Wait before another attempt with a neighbour that does not answer probes. Chosen. */
const RETRY_MS = 5000;

interface Path {
  readonly peer: string;
  /** When a piece was last sent to it. */
  usedAt: number;
  /** When it was last probed as one to which nothing is being sent. */
  watchedAt: number;
  openedAt: number;
  stream: ProbeStream | undefined;
}

export interface TunerInit {
  readonly node: Node;
  readonly link: Link;
  readonly clock: Timers;
  /** PeerIds of neighbours to which pieces are being sent. */
  receivers(): Iterable<string>;
  /** PeerIds of neighbours to which pieces may be sent. */
  neighbours(): Iterable<string>;
  /** Called when the link's rate has changed. */
  onTuned(): void;
}

export class UplinkTuner {
  readonly #init: TunerInit;
  readonly #auto = new AutoRate();
  readonly #watch = new LineWatch();
  readonly #paths = new Map<string, Path>();
  #watchedAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  #cancelTick: Cancel;

  constructor(init: TunerInit) {
    this.#init = init;
    this.#cancelTick = this.#tickAfter(0);
  }

  /** Ends the tuning; the link keeps its rate. */
  close(): void {
    this.#cancelTick();
    this.#closed = true;
    for (const { stream } of this.#paths.values()) stream?.close();
  }

  #tick(): void {
    const now = this.#init.clock.now();
    this.#cancelTick = this.#tickAfter(this.#auto.probeAfterMs(now));
    this.#notePaths(now);
    const used = this.#usedPaths(now);
    const isSending = used.length > 0;
    if (isSending && !this.#isFree(now)) {
      for (const path of used.slice(0, MOST_PROBED)) this.#probe(path, now);
    }
    if (isSending ? !this.#watch.isQueued : !this.#auto.started) this.#watchIdle(now);
    this.#tune();
  }

  /** Whether no queue has been seen, and one would be. */
  #isFree(now: number): boolean {
    return !this.#watch.isQueued && now - this.#watchedAt <= WATCHED_FOR_MS;
  }

  #watchIdle(now: number): void {
    let watched = 0;
    for (const peer of this.#init.neighbours()) {
      const path = this.#pathTo(peer);
      if (now - path.usedAt <= PROBED_AFTER_MS) continue;
      if (this.#auto.started && path.stream?.tellsArrival === false) continue;
      if (++watched > MOST_WATCHED) return;
      if (this.#auto.started && now - path.watchedAt < WATCH_EVERY_MS) continue;
      path.watchedAt = now;
      this.#probe(path, now);
    }
  }

  #tickAfter(ms: number): Cancel {
    return this.#init.clock.after(ms, 'tuning the uplink', () => this.#tick());
  }

  #notePaths(now: number): void {
    for (const peer of this.#init.receivers()) this.#pathTo(peer).usedAt = now;
    for (const [peer, { usedAt, watchedAt, stream }] of this.#paths) {
      if (now - Math.max(usedAt, watchedAt) <= KEPT_AFTER_MS) continue;
      stream?.close();
      this.#paths.delete(peer);
    }
  }

  /** Those to which pieces are being sent, the last one first. */
  #usedPaths(now: number): Path[] {
    const used = [...this.#paths.values()].filter(({ usedAt }) => now - usedAt <= PROBED_AFTER_MS);
    return used.sort((a, b) => b.usedAt - a.usedAt);
  }

  #pathTo(peer: string): Path {
    const known = this.#paths.get(peer);
    if (known) return known;
    const never = Number.NEGATIVE_INFINITY;
    const path = { peer, usedAt: never, watchedAt: never, openedAt: never, stream: undefined };
    this.#paths.set(peer, path);
    return path;
  }

  #probe(path: Path, now: number): void {
    const { peer, stream, openedAt } = path;
    if (!stream?.open) {
      if (now - openedAt >= RETRY_MS) unawaited('opening a probe', this.#open(path, now));
      return;
    }
    if (stream.oldest && !this.#isFree(now)) {
      this.#auto.noteSilence(now, peer, stream.oldest.sentAt);
    }
    stream.send({ sentAt: now, sentBytes: this.#init.link.sentBytes });
  }

  /** Any of several connections will do: they share the uplink. */
  async #open(path: Path, now: number): Promise<void> {
    path.openedAt = now;
    path.stream = undefined;
    const [connection] = this.#init.node.getConnections(peerIdFromString(path.peer));
    try {
      const stream = await connection?.newStream([PROBE_PROTOCOL, PING_PROTOCOL], {
        signal: AbortSignal.timeout(RETRY_MS),
      });
      if (!stream) return;
      path.stream = new ProbeStream(stream, (probe) => this.#noteEcho(path, probe));
      if (this.#closed) path.stream.close();
    } catch {
      // The peer does not speak the protocol, or is about to leave.
    }
  }

  #noteEcho(path: Path, { sentAt, sentBytes, arrivedAt }: AnsweredProbe): void {
    const now = this.#init.clock.now();
    // A probe that left while a piece was on its way there waited behind it.
    const isIdle = sentAt - path.usedAt > PROBED_AFTER_MS;
    if (isIdle && arrivedAt !== undefined) {
      if (this.#usedPaths(now).length > 0) this.#watchedAt = now;
      this.#watch.note(now, path.peer, arrivedAt - sentAt);
    }
    if (!isIdle || !this.#auto.started) {
      this.#auto.noteEcho(now, { path: path.peer, sentAt, sentBytes });
    }
    this.#tune();
  }

  #tune(): void {
    const { link, onTuned } = this.#init;
    const isFree = this.#isFree(this.#init.clock.now());
    const bytesPerSecond = isFree ? Number.POSITIVE_INFINITY : this.#auto.bytesPerSecond;
    if (this.#closed || bytesPerSecond === link.uplinkBytesPerSecond) return;
    link.limit({ uplinkBytesPerSecond: bytesPerSecond });
    onTuned();
  }
}
