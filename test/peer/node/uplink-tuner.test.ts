// The tuner over real libp2p on 127.0.0.1: who is probed, and when.
import { afterEach, describe, expect, it } from 'vitest';
import { Link } from '../../../src/link/link.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { PROBE_PROTOCOL } from '../../../src/peer/node/probe-answers.ts';
import { UplinkTuner } from '../../../src/peer/node/uplink-tuner.ts';
import { systemClock, type Timers } from '../../../src/runtime/clock.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
const tuners: UplinkTuner[] = [];
afterEach(() => {
  for (const tuner of tuners.splice(0)) tuner.close();
});

interface Tuned {
  readonly link: Link;
  readonly tuner: UplinkTuner;
  /** Resolves when the link's rate has changed so many times. */
  changed(times: number): Promise<void>;
}

function tune(
  node: Node,
  lists: { receivers?: Node[]; neighbours?: Node[] },
  clock: Timers = systemClock,
): Tuned {
  const link = new Link();
  const ids = (nodes: Node[] = []): string[] => nodes.map(({ peerId }) => peerId.toString());
  let changes = 0;
  const waiting = new Set<() => void>();
  const tuner = new UplinkTuner({
    node,
    link,
    clock,
    receivers: () => ids(lists.receivers),
    neighbours: () => ids(lists.neighbours),
    onTuned: () => {
      changes++;
      for (const look of waiting) look();
    },
  });
  tuners.push(tuner);
  const changed = (times: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (changes >= times) resolve();
      };
      waiting.add(look);
      look();
    });
  return { link, tuner, changed };
}

const probesTo = (node: Node, other: Node): number =>
  node
    .getConnections(other.peerId)
    .flatMap(({ streams }) => streams)
    .filter(({ protocol }) => protocol === PROBE_PROTOCOL).length;

describe('UplinkTuner', () => {
  it('starts slowly, and in earnest when a neighbour has answered before any piece', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await a.dial(b.getMultiaddrs());
    const { link, changed } = tune(a, { neighbours: [b] });
    await changed(1);
    const first = link.uplinkBytesPerSecond;
    await changed(2);
    expect(link.uplinkBytesPerSecond).toBeGreaterThan(first);
  });

  it('finds that a link without a limit has none', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await a.dial(b.getMultiaddrs());
    const { link, changed } = tune(a, { receivers: [b], neighbours: [b] });
    let over = false;
    const sending = (async () => {
      for (; !over; await new Promise(setImmediate)) {
        for (let block = 0; block < 64; block++) await link.send(64 * 1024);
      }
    })();
    // Seven times twice as fast as the first rate: 128 MiB/s.
    await changed(9);
    over = true;
    await sending;
    expect(link.uplinkBytesPerSecond).toBeGreaterThan(2 ** 26);
  });

  it('stays slow to one who answers what was not asked, and lets go of it', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await b.unhandle(PROBE_PROTOCOL);
    let answered = 0;
    const lied = new Promise<void>((resolve) => {
      void b.handle(PROBE_PROTOCOL, (stream) => {
        stream.addEventListener('message', () => {
          answered++;
          stream.send(new Uint8Array(32));
        });
        stream.addEventListener('close', () => resolve());
      });
    });
    await a.dial(b.getMultiaddrs());
    const { link, changed } = tune(a, { neighbours: [b] });
    await changed(1);
    const first = link.uplinkBytesPerSecond;
    await lied;
    expect(answered).toBeGreaterThan(0);
    expect(link.uplinkBytesPerSecond).toBe(first);
  });

  it('leaves the rate and no stream behind when it is closed', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await a.dial(b.getMultiaddrs());
    const { link, tuner, changed } = tune(a, { neighbours: [b] });
    await changed(2);
    const rate = link.uplinkBytesPerSecond;
    expect(probesTo(a, b)).toBe(1);
    tuner.close();
    expect([probesTo(a, b), link.uplinkBytesPerSecond]).toEqual([0, rate]);
  });

  it('keeps a probe for 5 s after the last piece', async () => {
    const [a, b, clock] = [await startNode(), await startNode(), new VirtualClock()];
    await a.dial(b.getMultiaddrs());
    const { changed } = tune(a, { neighbours: [b] }, clock);
    await clock.advance(0);
    await expect.poll(() => probesTo(a, b)).toBe(1);
    await clock.advance(20);
    // An echo has come: from now on only receivers are probed, and there is none.
    await changed(2);
    await clock.advance(5000);
    expect(probesTo(a, b)).toBe(1);
    await clock.advance(100);
    await expect.poll(() => probesTo(a, b)).toBe(0);
  });

  it('asks one that answers no probes again after 5 s', async () => {
    const [a, b, clock] = [await startNode(), await startNode(), new VirtualClock()];
    await b.unhandle(PROBE_PROTOCOL);
    let asked = 0;
    await b.handle(PROBE_PROTOCOL, (stream) => {
      asked++;
      stream.abort(new Error('no'));
    });
    await a.dial(b.getMultiaddrs());
    tune(a, { neighbours: [b] }, clock);
    await clock.advance(0);
    for (let times = 1; times < 4; times++) {
      await clock.advance(4980);
      await expect.poll(() => [asked, probesTo(a, b)]).toEqual([times, 0]);
      await clock.advance(20);
    }
    await expect.poll(() => asked).toBe(4);
  });

  it('lifts the cap while one that gets no piece is reached at once, and paces when it is not', async () => {
    const clock = new VirtualClock();
    let queueMs = 0;
    // Answers within the tick: over sockets, virtual time would pass meanwhile.
    class Answering extends EventTarget {
      readonly status = 'open';
      readonly remoteWriteStatus = 'writable';
      readonly protocol = PROBE_PROTOCOL;
      send(probe: Uint8Array): boolean {
        const stamp = Buffer.alloc(8);
        stamp.writeDoubleBE(1e6 + clock.now() + queueMs);
        const data = Buffer.concat([probe, stamp]);
        return this.dispatchEvent(Object.assign(new Event('message'), { data }));
      }
      abort(): void {}
    }
    const getConnections = () => [{ newStream: async () => new Answering() }];
    const [b, c] = [await startNode(), await startNode()];
    const lists = { receivers: [b], neighbours: [b, c] };
    const { link } = tune({ getConnections } as unknown as Node, lists, clock);
    const isCappedAfter = async (seconds: number): Promise<boolean> => {
      for (let ms = 0; ms < seconds * 1000; ms += 20) await clock.advance(20);
      return Number.isFinite(link.uplinkBytesPerSecond);
    };
    expect(await isCappedAfter(0.1)).toBe(true);
    expect(await isCappedAfter(2)).toBe(false);
    queueMs = 120;
    expect(await isCappedAfter(1)).toBe(false);
    expect(await isCappedAfter(3)).toBe(true);
    queueMs = 0;
    expect(await isCappedAfter(30)).toBe(true);
  });

  it('paces where every neighbour gets pieces, or answers pings alone', async () => {
    const [a, b, c, clock] = [
      await startNode(),
      await startNode(),
      await startNode(),
      new VirtualClock(),
    ];
    await c.unhandle(PROBE_PROTOCOL);
    for (const other of [b, c]) await a.dial(other.getMultiaddrs());
    const all = tune(a, { receivers: [b], neighbours: [b] }, clock);
    const pings = tune(a, { receivers: [b], neighbours: [b, c] }, clock);
    await clock.advance(0);
    await expect.poll(() => probesTo(a, b)).toBe(2);
    for (let times = 0; times < 40; times++) {
      await clock.advance(100);
      for (const { link } of [all, pings]) expect(link.uplinkBytesPerSecond).toBeLessThan(2 ** 40);
    }
  });
});
