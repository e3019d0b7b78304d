// `--uplink auto`: probes the neighbours to which pieces are being sent, and sets the link to the
// rate that AutoRate computes. While no piece is sent nothing can queue: then nobody is probed, and
// the rate stays.
import { peerIdFromString } from '@libp2p/peer-id';
import { AutoRate } from '../../link/auto-rate.ts';
import type { Link } from '../../link/link.ts';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Node } from './node.ts';
import { PROBE_PROTOCOL, ProbeStream } from './probe-stream.ts';

/**
 * Neighbours probed at once: two show whether a delay is the uplink's or one receiver's; more show
 * the same.
 */
const MOST_PROBED = 2;
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
  readonly #paths = new Map<string, Path>();
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
    const byUse = [...this.#paths.values()].sort((a, b) => b.usedAt - a.usedAt);
    for (const path of byUse.slice(0, MOST_PROBED)) {
      if (now - path.usedAt <= PROBED_AFTER_MS) this.#probe(path, now);
    }
    this.#tune();
  }

  #tickAfter(ms: number): Cancel {
    return this.#init.clock.after(ms, 'tuning the uplink', () => this.#tick());
  }

  #notePaths(now: number): void {
    const { receivers, neighbours } = this.#init;
    for (const peer of this.#auto.started ? receivers() : neighbours()) {
      const path = this.#paths.get(peer);
      if (path) path.usedAt = now;
      else {
        const openedAt = Number.NEGATIVE_INFINITY;
        this.#paths.set(peer, { peer, usedAt: now, openedAt, stream: undefined });
      }
    }
    for (const [peer, { usedAt, stream }] of this.#paths) {
      if (now - usedAt <= KEPT_AFTER_MS) continue;
      stream?.close();
      this.#paths.delete(peer);
    }
  }

  #probe(path: Path, now: number): void {
    const { peer, stream, openedAt } = path;
    if (!stream?.open) {
      if (now - openedAt >= RETRY_MS) unawaited('opening a probe', this.#open(path, now));
      return;
    }
    if (stream.oldest) this.#auto.noteSilence(now, peer, stream.oldest.sentAt);
    stream.send({ sentAt: now, sentBytes: this.#init.link.sentBytes });
  }

  /** Any of several connections will do: they share the uplink. */
  async #open(path: Path, now: number): Promise<void> {
    path.openedAt = now;
    path.stream = undefined;
    const [connection] = this.#init.node.getConnections(peerIdFromString(path.peer));
    try {
      const stream = await connection?.newStream(PROBE_PROTOCOL, {
        signal: AbortSignal.timeout(RETRY_MS),
      });
      if (!stream) return;
      path.stream = new ProbeStream(stream, (probe) => this.#noteEcho(path.peer, probe));
      if (this.#closed) path.stream.close();
    } catch {
      // The peer does not speak the protocol, or is about to leave.
    }
  }

  #noteEcho(path: string, probe: { sentAt: number; sentBytes: number }): void {
    this.#auto.noteEcho(this.#init.clock.now(), { path, ...probe });
    this.#tune();
  }

  #tune(): void {
    const { link, onTuned } = this.#init;
    const { bytesPerSecond } = this.#auto;
    if (this.#closed || bytesPerSecond === link.uplinkBytesPerSecond) return;
    link.limit({ uplinkBytesPerSecond: bytesPerSecond });
    onTuned();
  }
}
