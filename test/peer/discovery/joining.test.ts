// When a peer calls those that it is to join: real nodes, time as the test has it.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Discovery } from '../../../src/peer/discovery/discovery.ts';
import { Joining } from '../../../src/peer/discovery/joining.ts';
import { Listening } from '../../../src/peer/discovery/listening.ts';
import { announceRun } from '../../../src/peer/discovery/run-file.ts';
import { openIdentity } from '../../../src/peer/node/identity.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

/** What joining.ts promises. */
const RECALL_MS = 1500;
const JITTER = 0.25;

const startNode = useNodes();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Notes for how long it was waited. */
class NotingClock extends VirtualClock {
  readonly waits: number[] = [];

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return super.sleep(ms, signal);
  }
}

interface Joiner {
  readonly node: Node;
  readonly joining: Joining;
  readonly clock: NotingClock;
  readonly dataDir: string;
  readonly stop: AbortController;
  /** What it waited for, as told. */
  awaited(): string[];
}

async function startJoiner(): Promise<Joiner> {
  const dataDir = await mkdtemp(join(tmpdir(), 'joining-'));
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const [node, clock] = [await startNode(), new NotingClock()];
  const identity = await openIdentity(dataDir);
  // A clock of its own: its waits are not those that are looked at.
  const discovery = new Discovery(node, new VirtualClock());
  const listening = new Listening({ joins: [], mdns: false, clock, emit });
  const knownDir = identity.dir;
  const joining = new Joining({
    node,
    discovery,
    listening,
    runDir: dataDir,
    knownDir,
    clock,
    emit,
  });
  const stop = new AbortController();
  cleanups.push(async () => {
    stop.abort();
    listening.close();
    await discovery.stop();
    await identity.release();
  });
  const awaited = (): string[] =>
    events.flatMap((event) => (event.event === 'peers_awaited' ? [event.lack] : []));
  return { node, joining, clock, dataDir, stop, awaited };
}

/** Hangs up on who calls, before anything is said. */
async function startPort(): Promise<{ address: string; calls: () => number }> {
  let calls = 0;
  const server: Server = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const { port } = server.address() as { port: number };
  return { address: `/ip4/127.0.0.1/tcp/${port}`, calls: () => calls };
}

/** The call has ended: the next one is due in so long, a quarter more or less. Lets it pass. */
async function passWait(clock: NotingClock, waitMs: number): Promise<void> {
  await expect.poll(() => clock.waits.length).toBe(1);
  const [wait] = clock.waits.splice(0);
  expect(wait).toBeGreaterThanOrEqual(waitMs * (1 - JITTER));
  expect(wait).toBeLessThanOrEqual(waitMs * (1 + JITTER));
  await clock.advance(wait!);
}

describe('join', () => {
  it('calls an address that does not answer every 1.5 s, and says once that it waits', async () => {
    const { joining, clock, stop, awaited } = await startJoiner();
    const { address, calls } = await startPort();
    joining.join([address], stop.signal).catch(() => {});
    for (let times = 1; times < 6; times++) {
      await expect.poll(calls).toBe(times);
      await passWait(clock, RECALL_MS);
    }
    expect(awaited()).toEqual(['answer']);
  });

  it('waits twice as long each time one hangs up, up to 48 s, until it stays a minute', async () => {
    const { node, joining, clock, stop } = await startJoiner();
    const full = await startNode();
    let calls = 0;
    let hasRoom = false;
    full.addEventListener('connection:open', ({ detail }) => {
      calls++;
      if (!hasRoom) detail.abort(new Error('no room'));
    });
    joining.join([`${full.getMultiaddrs()[0]}`], stop.signal).catch(() => {});
    for (const [i, doublings] of [0, 1, 2, 3, 4, 5, 5].entries()) {
      await expect.poll(() => clock.waits.length).toBe(1);
      const before = calls;
      hasRoom = i === 6;
      await passWait(clock, RECALL_MS * 2 ** doublings);
      await expect.poll(() => calls).toBe(before + 1);
    }
    await expect.poll(() => node.getConnections().length).toBe(1);
    await clock.advance(60_000);
    for (const connection of full.getConnections()) connection.abort(new Error('restarts'));
    await passWait(clock, RECALL_MS);
    await expect.poll(() => calls).toBe(9);
  });

  it('without addresses looks each second for peers of this machine', async () => {
    const { node, joining, clock, dataDir, stop, awaited } = await startJoiner();
    joining.join([], stop.signal).catch(() => {});
    await expect.poll(awaited).toEqual(['known']);
    const other = await startNode();
    await announceRun(dataDir, `${other.peerId}`, other.getMultiaddrs().map(String));
    await expect.poll(() => clock.isIdle).toBe(false);
    await clock.advance(999);
    expect(clock.isIdle).toBe(false);
    await clock.advance(1);
    await expect.poll(() => node.getPeers().map(String)).toEqual([`${other.peerId}`]);
    expect(awaited()).toEqual(['known']);
  });
});

describe('awaitLan', () => {
  it('says after 3 s that nobody answers there', async () => {
    const { joining, clock, stop, awaited } = await startJoiner();
    const told = joining.awaitLan(stop.signal);
    await clock.advance(2999);
    expect([awaited(), clock.isIdle]).toEqual([[], false]);
    await clock.advance(1);
    await told;
    expect(awaited()).toEqual(['lan']);
  });

  it('says nothing when somebody did', async () => {
    const { node, joining, clock, stop, awaited } = await startJoiner();
    const told = joining.awaitLan(stop.signal);
    await node.dial((await startNode()).getMultiaddrs());
    await clock.advance(3000);
    await told;
    expect(awaited()).toEqual([]);
  });
});
