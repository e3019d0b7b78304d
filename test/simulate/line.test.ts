// An access line with a buffer, and TCP over it, each by itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from '../../src/simulate/agenda.ts';
import { Line } from '../../src/simulate/line.ts';
import { SOCKETS, type Sockets, TcpCarriage } from '../../src/simulate/tcp.ts';

const MIB = 2 ** 20;

describe('a line', () => {
  it('carries one packet after the other, at its rate', () => {
    const line = new Line(1000, 100);
    expect([line.carry(10, 5), line.carry(10, 5), line.carry(50, 1)]).toEqual([15, 20, 51]);
    expect(line.queueMs(50.5)).toBeCloseTo(0.5);
  });

  it('drops what comes when its buffer is full', () => {
    const line = new Line(1000, 10);
    expect([0, 0, 0, 0].map((now) => line.carry(now, 6))).toEqual([6, 12, undefined, undefined]);
    expect(line.droppedPackets).toBe(2);
    expect(line.carry(2, 6)).toBe(18);
  });

  it('carries what waits at a changed rate, and keeps its buffer in bytes', () => {
    const line = new Line(1000, 10);
    line.carry(0, 8);
    line.changeRate(4, 500);
    expect(line.queueMs(4)).toBe(8);
    expect(line.carry(4, 6)).toBe(24);
    expect(line.carry(4, 1)).toBe(26);
    expect(line.carry(4, 1)).toBeUndefined();
  });

  it('tells how long packets waited', () => {
    const line = new Line(1000, 100);
    for (let i = 0; i < 10; i++) line.carry(0, 5);
    expect([line.waitOf(0.1), line.waitOf(0.5), line.waitOf(1)]).toEqual([0, 20, 45]);
    expect(new Line(1000, 100).waitOf(0.95)).toBe(0);
  });

  it('never carries more than rate x time and never keeps more than its buffer', () => {
    const packet = fc.record({
      pauseMs: fc.nat({ max: 20 }),
      bytes: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1 }), fc.nat({ max: 50 }), (packets, bufferMs) => {
        const line = new Line(1000, bufferMs);
        let now = 0;
        for (const { pauseMs, bytes } of packets) {
          now += pauseMs;
          line.carry(now, bytes);
          expect(line.queueMs(now)).toBeLessThanOrEqual(bufferMs + 30 + 1e-6);
          expect(line.carriedBytes).toBeLessThanOrEqual(now + line.queueMs(now) + 1e-6);
        }
      }),
    );
  });
});

/** A virtual clock and two hosts, each behind a line. */
class Pair {
  now = 0;
  readonly up: Line;
  readonly backUp: Line;
  readonly #agenda = new Agenda();
  readonly #delayMs: number;
  readonly #sockets: Sockets;

  constructor(init: { rate: number; bufferMs: number; delayMs: number } & Partial<Sockets>) {
    const { rate, bufferMs, delayMs, ...sockets } = init;
    this.up = new Line(rate, bufferMs);
    this.backUp = new Line(rate, bufferMs);
    this.#delayMs = delayMs;
    this.#sockets = { ...SOCKETS, ...sockets };
  }

  at(ms: number, run: () => void): void {
    this.#agenda.add(ms, run);
  }

  connect(): TcpCarriage {
    return new TcpCarriage(this, {
      up: this.up,
      down: new Line(Number.POSITIVE_INFINITY, 100),
      backUp: this.backUp,
      backDown: new Line(Number.POSITIVE_INFINITY, 100),
      delayMs: this.#delayMs,
      ...this.#sockets,
    });
  }

  run(until = Number.POSITIVE_INFINITY): void {
    while (this.#agenda.nextAt < until) {
      this.now = this.#agenda.nextAt;
      this.#agenda.next()!();
    }
  }
}

describe('TCP over a line', () => {
  it.each([
    [20, 100],
    [20, 1000],
    [100, 100],
  ])('uses %i Mbit/s with a buffer of %i ms, whatever is lost', (mbit, bufferMs) => {
    const pair = new Pair({ rate: mbit * 125_000, bufferMs, delayMs: 10 });
    let doneAt = 0;
    pair.connect().send(32 * MIB, () => {
      doneAt = pair.now;
    });
    pair.run();
    const share = (32 * MIB) / (mbit * 125 * doneAt);
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(1);
  });

  it('starts slowly: a far piece takes round trips, and after a pause again', () => {
    const pair = new Pair({ rate: 12_500_000, bufferMs: 100, delayMs: 50 });
    const carriage = pair.connect();
    const took = [0, 0, 0, 5000].map((pauseMs) => {
      const from = pair.now + pauseMs;
      let at = 0;
      pair.at(from, () =>
        carriage.send(256 * 1024, () => {
          at = pair.now;
        }),
      );
      pair.run();
      return at - from;
    });
    expect(took[0]).toBeGreaterThan(300);
    expect(took[2]).toBeLessThan(200);
    expect(took[3]).toBeGreaterThan(300);
  });

  it('takes bytes long before they leave, until it is congested', () => {
    const pair = new Pair({ rate: 125_000, bufferMs: 100, delayMs: 5, congestedBytes: MIB });
    const carriage = pair.connect();
    carriage.send(MIB - 1, () => {});
    expect(carriage.congested).toBe(false);
    carriage.send(1, () => {});
    expect(carriage.congested).toBe(true);
    let drainedAt = 0;
    carriage.onDrain = () => {
      drainedAt = pair.now;
    };
    pair.run();
    expect([carriage.congested, drainedAt > 0 && drainedAt < 100]).toEqual([false, true]);
  });

  it('fills the buffer of a router, and not that of its own host', () => {
    const waits = [Number.POSITIVE_INFINITY, 2].map((ownSegments) => {
      const pair = new Pair({ rate: 625_000, bufferMs: 200, delayMs: 5, ownSegments });
      pair.connect().send(8 * MIB, () => {});
      pair.run();
      return pair.up.waitOf(0.95);
    });
    expect(waits[0]).toBeGreaterThan(150);
    expect(waits[1]).toBeLessThan(5);
  });

  it('shares a line about evenly between connections', () => {
    const pair = new Pair({ rate: 2_500_000, bufferMs: 100, delayMs: 10 });
    const shares = [0, 0, 0, 0];
    for (const i of shares.keys()) {
      const carriage = pair.connect();
      const more = (): void =>
        carriage.send(16_384, () => {
          shares[i]! += 16_384;
          more();
        });
      for (let ahead = 0; ahead < 32; ahead++) more();
    }
    pair.run(20_000);
    const total = shares.reduce((sum, share) => sum + share);
    expect(total / (20 * 2_500_000)).toBeGreaterThan(0.85);
    expect(Math.min(...shares)).toBeGreaterThan(total / 12);
  });

  it('delivers everything once and in order, through buffers of a few packets, both ways', () => {
    const message = fc.record({
      pauseMs: fc.nat({ max: 300 }),
      bytes: fc.integer({ min: 1, max: 60_000 }),
    });
    const setup = fc.record({
      rate: fc.integer({ min: 20_000, max: 2_000_000 }),
      bufferMs: fc.nat({ max: 40 }),
      delayMs: fc.nat({ max: 60 }),
    });
    fc.assert(
      fc.property(setup, fc.array(message, { minLength: 1, maxLength: 20 }), (init, messages) => {
        const pair = new Pair(init);
        const flows = [pair.connect(), pair.connect(), pair.connect()];
        const came: number[][] = flows.map(() => []);
        for (const [f, flow] of flows.entries()) {
          let at = 0;
          for (const [i, { pauseMs, bytes }] of messages.entries()) {
            at += pauseMs;
            pair.at(at, () => flow.send(bytes, () => came[f]!.push(i)));
          }
        }
        pair.run();
        for (const list of came) expect(list).toEqual([...messages.keys()]);
      }),
      { numRuns: 60 },
    );
  });

  it('sends nothing more once it is closed, and what is on its way arrives', () => {
    const pair = new Pair({ rate: 125_000, bufferMs: 100, delayMs: 5 });
    const carriage = pair.connect();
    let came = 0;
    for (let i = 0; i < 100; i++) {
      carriage.send(1000, () => {
        came++;
      });
    }
    pair.run(50);
    carriage.close();
    const sent = pair.up.carriedBytes;
    pair.run();
    expect(pair.up.carriedBytes).toBe(sent);
    expect(came).toBeGreaterThan(5);
    expect(came).toBeLessThan(100);
  });
});
