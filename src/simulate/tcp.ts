// One direction of a TCP connection over access lines, in segments: slow start, congestion
// avoidance, halving on loss (Reno, RFC 5681), selective acknowledgements (RFC 2018), timeouts
// (RFC 6298), a restart after idleness, and a socket buffer that takes bytes long before they
// leave, so that the sender does not see when they do. Left out: the handshake, receive windows
// (readers here read at once), pacing. What a segment carries is known at both ends: only its
// size travels.
import type { Carriage, VirtualClock } from './carriage.ts';
import type { Line } from './line.ts';

/** Payload and frame of a full segment on Ethernet, with timestamps. */
const SEGMENT_BYTES = 1448;
const FRAME_BYTES = 66;
/** Payload's share of a line's rate, beside acknowledgements. */
export const PAYLOAD_SHARE = SEGMENT_BYTES / (SEGMENT_BYTES + FRAME_BYTES);
/** RFC 6928. */
const FIRST_SEGMENTS = 10;
/** As in Linux. */
const LEAST_TIMEOUT_MS = 200;
const LONGEST_TIMEOUT_MS = 60_000;
/** A segment is lost when one sent so many later has arrived. */
const REORDERED = 3;
/** Segments that one acknowledgement tells. */
const DELAYED_ACK = 2;

export interface Sockets {
  /** Most bytes on their way. */
  readonly socketBytes: number;
  /** Bytes not acknowledged from which a writer is told to wait. */
  readonly congestedBytes: number;
  /**
   * Segments of a connection in the sender's own line. Linux holds a socket back there if the
   * line is the host's own; a router in front of a line does not: Infinity.
   */
  readonly ownSegments: number;
}

/** Of a machine as it comes: buffers that grow to megabytes, and a router in front of the line. */
export const SOCKETS: Sockets = {
  socketBytes: 4 * 2 ** 20,
  congestedBytes: 512 * 1024,
  ownSegments: Number.POSITIVE_INFINITY,
};

/** The lines that a connection passes. */
interface TcpPath extends Sockets {
  readonly up: Line;
  readonly down: Line;
  /** What acknowledgements pass. */
  readonly backUp: Line;
  readonly backDown: Line;
  /** One way, beside the lines. */
  readonly delayMs: number;
}

interface Segment {
  readonly bytes: number;
  /** Order of its last transmission. */
  sent: number;
  sentAt: number;
  retransmitted: boolean;
  state: 'flying' | 'lost' | 'acknowledged';
  arrived: boolean;
}

interface Written {
  /** Bytes of the stream up to its end. */
  readonly end: number;
  readonly deliver: () => void;
}

export class TcpCarriage implements Carriage {
  readonly #clock: VirtualClock;
  readonly #path: TcpPath;
  onDrain: (() => void) | undefined;

  // The sender.
  #written = 0;
  #segmented = 0;
  #acknowledged = 0;
  readonly #segments: Segment[] = [];
  #first = 0;
  #flying = 0;
  #lost = 0;
  #window = FIRST_SEGMENTS * SEGMENT_BYTES;
  #threshold = Number.POSITIVE_INFINITY;
  #transmissions = 0;
  #highestSent = -1;
  #recoverUntil = -1;
  #sentAt = Number.NEGATIVE_INFINITY;
  #roundTripMs: number | undefined;
  #spreadMs = 0;
  #backoff = 1;
  #timeoutAt = Number.POSITIVE_INFINITY;
  #timerAt = Number.POSITIVE_INFINITY;
  #inOwnLine = 0;

  // The receiver.
  #next = 0;
  #received = 0;
  #unacknowledged = 0;
  readonly #messages: Written[] = [];
  #delivered = 0;

  #isOpen = true;

  constructor(clock: VirtualClock, path: TcpPath) {
    this.#clock = clock;
    this.#path = path;
  }

  get congested(): boolean {
    return this.#written - this.#acknowledged >= this.#path.congestedBytes;
  }

  send(bytes: number, deliver: () => void): void {
    this.#written += bytes;
    this.#messages.push({ end: this.#written, deliver });
    this.#fill();
  }

  sendBlock(bytes: number, _: number, deliver: () => void): void {
    this.send(bytes, deliver);
  }

  close(): void {
    this.#isOpen = false;
  }

  #fill(): void {
    if (!this.#isOpen) return;
    this.#restartAfterIdle();
    while (this.#inOwnLine < this.#path.ownSegments) {
      const segment = this.#lost > 0 ? this.#nextLost() : this.#nextNew();
      if (!segment) break;
      this.#transmit(segment);
    }
  }

  #restartAfterIdle(): void {
    const isIdle = this.#flying === 0 && this.#lost === 0;
    if (!isIdle || this.#clock.now - this.#sentAt <= this.#timeoutMs) return;
    this.#window = Math.min(this.#window, FIRST_SEGMENTS * SEGMENT_BYTES);
  }

  get #room(): number {
    return Math.min(this.#window, this.#path.socketBytes) - this.#flying;
  }

  #nextLost(): Segment | undefined {
    if (this.#room <= 0) return undefined;
    for (let i = this.#first; i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      if (segment.state !== 'lost') continue;
      this.#lost--;
      segment.state = 'flying';
      segment.retransmitted = true;
      return segment;
    }
    return undefined;
  }

  #nextNew(): Segment | undefined {
    const bytes = Math.min(SEGMENT_BYTES, this.#written - this.#segmented);
    if (bytes === 0 || (this.#flying > 0 && this.#room < bytes)) return undefined;
    this.#segmented += bytes;
    const segment: Segment = {
      bytes,
      sent: 0,
      sentAt: 0,
      retransmitted: false,
      state: 'flying',
      arrived: false,
    };
    this.#segments.push(segment);
    return segment;
  }

  #transmit(segment: Segment): void {
    const { now } = this.#clock;
    segment.sent = this.#transmissions++;
    segment.sentAt = now;
    this.#flying += segment.bytes;
    this.#sentAt = now;
    if (this.#timeoutAt === Number.POSITIVE_INFINITY) this.#restartTimer();
    const passedAt = this.#path.up.carry(now, segment.bytes + FRAME_BYTES);
    if (passedAt === undefined) return;
    this.#countOwn(passedAt);
    this.#clock.at(passedAt + this.#path.delayMs, () => {
      const at = this.#path.down.carry(this.#clock.now, segment.bytes + FRAME_BYTES);
      if (at !== undefined) this.#clock.at(at, () => this.#arrive(segment));
    });
  }

  #countOwn(passedAt: number): void {
    if (this.#path.ownSegments === Number.POSITIVE_INFINITY) return;
    this.#inOwnLine++;
    this.#clock.at(passedAt, () => {
      this.#inOwnLine--;
      this.#fill();
    });
  }

  #arrive(segment: Segment): void {
    const isDue = segment === this.#segments[this.#next];
    segment.arrived = true;
    for (let next = this.#segments[this.#next]; next?.arrived; next = this.#segments[++this.#next])
      this.#received += next.bytes;
    this.#deliver();
    const isLast = this.#received === this.#segmented;
    if (++this.#unacknowledged < DELAYED_ACK && isDue && !isLast) return;
    this.#acknowledge(segment);
  }

  #deliver(): void {
    for (;;) {
      const message = this.#messages[this.#delivered];
      if (!message || message.end > this.#received) return;
      this.#delivered++;
      message.deliver();
    }
  }

  #acknowledge(segment: Segment): void {
    this.#unacknowledged = 0;
    const next = this.#next;
    const { backUp, backDown, delayMs } = this.#path;
    const passedAt = backUp.carry(this.#clock.now, FRAME_BYTES);
    if (passedAt === undefined) return;
    this.#clock.at(passedAt + delayMs, () => {
      const at = backDown.carry(this.#clock.now, FRAME_BYTES);
      if (at !== undefined) this.#clock.at(at, () => this.#handleAck(next, segment));
    });
  }

  /** All before `next` have arrived, and this one. */
  #handleAck(next: number, segment: Segment): void {
    if (!this.#isOpen) return;
    const wasFlying = this.#flying;
    const wasCongested = this.congested;
    if (!segment.retransmitted) this.#measure(this.#clock.now - segment.sentAt);
    let bytes = this.#take(segment);
    for (; this.#first < next; this.#first++) bytes += this.#take(this.#segments[this.#first]!);
    this.#acknowledged += bytes;
    if (bytes > 0) {
      this.#backoff = 1;
      this.#restartTimer();
    }
    this.#grow(bytes, wasFlying);
    this.#findLost();
    this.#fill();
    if (wasCongested && !this.congested) this.onDrain?.();
  }

  #take(segment: Segment): number {
    if (segment.state === 'acknowledged') return 0;
    if (segment.state === 'flying') this.#flying -= segment.bytes;
    else this.#lost--;
    segment.state = 'acknowledged';
    this.#highestSent = Math.max(this.#highestSent, segment.sent);
    return segment.bytes;
  }

  /** RFC 6298. */
  #measure(ms: number): void {
    if (this.#roundTripMs === undefined) {
      this.#roundTripMs = ms;
      this.#spreadMs = ms / 2;
      return;
    }
    this.#spreadMs += (Math.abs(ms - this.#roundTripMs) - this.#spreadMs) / 4;
    this.#roundTripMs += (ms - this.#roundTripMs) / 8;
  }

  /** Only a window that was used grows, as in Linux. */
  #grow(bytes: number, wasFlying: number): void {
    if (this.#highestSent <= this.#recoverUntil) return;
    if (this.#window < this.#threshold) {
      if (wasFlying >= this.#window / 2) this.#window += bytes;
    } else if (wasFlying >= this.#window - SEGMENT_BYTES) {
      this.#window += (SEGMENT_BYTES * bytes) / this.#window;
    }
  }

  #findLost(): void {
    let lost = -1;
    for (let i = this.#first; i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      const isOvertaken = segment.sent + REORDERED <= this.#highestSent;
      if (!isOvertaken && !segment.retransmitted) break;
      if (!isOvertaken || segment.state !== 'flying') continue;
      this.#lose(segment);
      lost = Math.max(lost, segment.sent);
    }
    if (lost <= this.#recoverUntil) return;
    this.#recoverUntil = this.#transmissions - 1;
    this.#threshold = Math.max(this.#window / 2, 2 * SEGMENT_BYTES);
    this.#window = this.#threshold;
  }

  #lose(segment: Segment): void {
    segment.state = 'lost';
    this.#flying -= segment.bytes;
    this.#lost++;
  }

  get #timeoutMs(): number {
    if (this.#roundTripMs === undefined) return 1000;
    const ms = this.#roundTripMs + Math.max(4 * this.#spreadMs, LEAST_TIMEOUT_MS);
    return Math.min(LONGEST_TIMEOUT_MS, ms * this.#backoff);
  }

  #restartTimer(): void {
    const isIdle = this.#first === this.#segments.length;
    this.#timeoutAt = isIdle ? Number.POSITIVE_INFINITY : this.#clock.now + this.#timeoutMs;
    if (this.#timeoutAt < this.#timerAt) this.#setTimer();
  }

  #setTimer(): void {
    const at = this.#timeoutAt;
    this.#timerAt = at;
    this.#clock.at(at, () => {
      if (this.#timerAt !== at) return;
      this.#timerAt = Number.POSITIVE_INFINITY;
      if (!this.#isOpen || this.#timeoutAt === Number.POSITIVE_INFINITY) return;
      if (this.#timeoutAt > this.#clock.now) return this.#setTimer();
      this.#timeOut();
    });
  }

  #timeOut(): void {
    for (let i = this.#first; i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      if (segment.state === 'flying') this.#lose(segment);
    }
    this.#threshold = Math.max(this.#window / 2, 2 * SEGMENT_BYTES);
    this.#window = SEGMENT_BYTES;
    this.#recoverUntil = this.#transmissions - 1;
    this.#backoff *= 2;
    this.#timeoutAt = Number.POSITIVE_INFINITY;
    this.#restartTimer();
    this.#fill();
  }
}
