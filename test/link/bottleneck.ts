// An uplink with a queue in front of it, as a sender sees it that paces itself by
// AutoRate: first come, first served, whatever it is; probes in line with the data.
// What does not fit is not lost but held back, as TCP does. On a virtual clock.
import { AutoRate } from '../../src/link/auto-rate.ts';
import { Pacer } from '../../src/link/pacer.ts';
import type { Rng } from '../../src/runtime/rng.ts';

interface Packet {
  readonly kind: 'own' | 'other' | 'probe';
  bytes: number;
  readonly sentAt: number;
  /** Of a probe: what had been sent before it. */
  readonly sentBytes: number;
}

export interface Second {
  readonly own: number;
  readonly other: number;
  readonly queueMs: number[];
}

export class Bottleneck {
  /** Bytes per second; may change at any time. */
  capacity: number;
  /** Bytes per second of others' traffic, which does not give way. */
  others = 0;
  /** There and back, without the queue. */
  rttMs: number;
  /** False while there is nothing to send. */
  wants = true;
  readonly auto = new AutoRate();
  readonly #pacer = new Pacer(Number.POSITIVE_INFINITY);
  readonly #window: number;
  readonly #rng: Rng;
  readonly #queue: Packet[] = [];
  readonly #returning: { at: number; probe: Packet }[] = [];
  #queued = 0;
  #inFlight = 0;
  #sent = 0;
  #own = 0;
  #other = 0;
  readonly #out: Packet[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  now = 0;

  /** @param options.window what may be on its way at once: two pieces, in bytes */
  constructor(options: { capacity: number; rttMs: number; window: number; rng: Rng }) {
    this.capacity = options.capacity;
    this.rttMs = options.rttMs;
    this.#window = options.window;
    this.#rng = options.rng;
  }

  /** Runs on for so many seconds; what each of them carried, and its queue at every ms. */
  run(seconds: number): Second[] {
    return Array.from({ length: seconds }, () => {
      const [own, other] = [this.#own, this.#other];
      const queueMs: number[] = [];
      for (let ms = 0; ms < 1000; ms++) {
        this.#tick();
        queueMs.push((this.#queued / this.capacity) * 1000);
      }
      return { own: this.#own - own, other: this.#other - other, queueMs };
    });
  }

  #tick(): void {
    this.now++;
    this.#add('other', this.others / 1000);
    this.#sendProbe();
    this.#sendBlocks();
    this.#carry();
    while (this.#returning[0] && this.#returning[0].at <= this.now) {
      this.#out.shift();
      const { sentAt, sentBytes } = this.#returning.shift()!.probe;
      this.auto.noteEcho(this.now, { path: 'a', sentAt, sentBytes });
    }
  }

  #sendProbe(): void {
    if (this.now - this.#probedAt < this.auto.probeAfterMs(this.now)) return;
    this.#probedAt = this.now;
    const [oldest] = this.#out;
    if (oldest) this.auto.noteSilence(this.now, 'a', oldest.sentAt);
    if (this.wants && this.#out.length < 10) this.#out.push(this.#add('probe', 100));
  }

  #sendBlocks(): void {
    const rate = this.auto.bytesPerSecond;
    if (rate !== this.#pacer.bytesPerSecond) this.#pacer.changeRate(this.now, rate);
    const block = Math.min(65_536, Math.max(1024, rate / 32));
    while (this.wants && this.#inFlight < this.#window && this.#pacer.freeAt <= this.now) {
      this.#pacer.reserve(this.now, block, false);
      this.#inFlight += block;
      this.#sent += block;
      this.#add('own', block);
    }
  }

  #add(kind: Packet['kind'], bytes: number): Packet {
    const packet = { kind, bytes, sentAt: this.now, sentBytes: this.#sent };
    if (bytes > 0) this.#queue.push(packet);
    this.#queued += bytes;
    return packet;
  }

  #carry(): void {
    let left = this.capacity / 1000;
    for (let packet = this.#queue[0]; packet && left > 0; packet = this.#queue[0]) {
      const bytes = Math.min(left, packet.bytes);
      left -= bytes;
      packet.bytes -= bytes;
      this.#queued -= bytes;
      if (packet.kind === 'own') {
        this.#inFlight -= bytes;
        this.#own += bytes;
      } else if (packet.kind === 'other') this.#other += bytes;
      if (packet.bytes > 0) return;
      this.#queue.shift();
      if (packet.kind === 'probe') this.#returning.push({ at: this.#returnAt(), probe: packet });
    }
  }

  /** Up to 8 ms of jitter, and one in fifty is held up by a collector. */
  #returnAt(): number {
    const heldUp = this.#rng.below(50) === 0 ? 80 : 0;
    return this.now + this.rttMs + this.#rng.below(8) + heldUp;
  }
}
