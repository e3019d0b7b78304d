// What strangers may hold together: real nodes, time as the test has it.
import { describe, expect, it } from 'vitest';
import { EXCHANGE_PROTOCOL } from '../../../src/exchange/wire/message.ts';
import { Admission } from '../../../src/peer/node/admission.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();

describe('Admission', () => {
  it('cuts the oldest idle connections when newcomers have no room, and no exchange', async () => {
    const MOST = 8;
    const node = await startNode({ maxConnections: MOST });
    await node.handle(EXCHANGE_PROTOCOL, () => {});
    const clock = new VirtualClock();
    const admission = new Admission(clock, { maxConnections: MOST });
    admission.watch(node);
    const useful = await startNode();
    const stream = await useful.dialProtocol(node.getMultiaddrs(), EXCHANGE_PROTOCOL);
    stream.send(Uint8Array.of(0));
    for (let i = 0; i < 5; i++) await (await startNode()).dial(node.getMultiaddrs());
    await expect.poll(() => node.getConnections().length).toBe(6);
    // Five seconds later they are idle.
    await clock.advance(5000);
    for (let i = 0; i < 10; i++) {
      const newcomer = await startNode();
      await newcomer.dial(node.getMultiaddrs());
      await expect.poll(() => node.getConnections(newcomer.peerId).length).toBe(1);
      await clock.advance(5000);
    }
    expect(node.getConnections().length).toBeLessThanOrEqual(7);
    expect(node.getConnections(useful.peerId)).toHaveLength(1);
  });
});

describe('Admission when all places are taken at once', () => {
  it('makes room once they are idle, though nobody can come', async () => {
    const MOST = 4;
    const node = await startNode({ maxConnections: MOST });
    const clock = new VirtualClock();
    new Admission(clock, { maxConnections: MOST }).watch(node);
    for (let i = 0; i < MOST; i++) await (await startNode()).dial(node.getMultiaddrs());
    await expect.poll(() => node.getConnections().length).toBe(MOST);
    const newcomer = await startNode();
    await expect(newcomer.dial(node.getMultiaddrs())).rejects.toThrow();
    await clock.advance(5000);
    await expect.poll(() => node.getConnections().length).toBe(MOST - 1);
    await newcomer.dial(node.getMultiaddrs());
    await expect.poll(() => node.getConnections(newcomer.peerId).length).toBe(1);
  });
});

describe('a ban', () => {
  it('for load ends by itself and is longer the next time; one for a violation does not', async () => {
    const clock = new VirtualClock();
    const admission = new Admission(clock);
    expect(admission.ban('busy', true)).toBe(60_000);
    admission.ban('liar', false);
    await clock.advance(59_999);
    expect(admission.refuses('busy')).toBe(true);
    await clock.advance(1);
    expect(admission.refuses('busy')).toBe(false);
    expect(admission.ban('busy', true)).toBe(120_000);
    await clock.advance(24 * 60 * 60_000);
    expect(admission.refuses('busy')).toBe(false);
    expect(admission.refuses('liar')).toBe(true);
    // A flood afterwards does not shorten it.
    expect(admission.ban('liar', true)).toBe(Number.POSITIVE_INFINITY);
    for (let times = 0; times < 20; times++) admission.ban('busy', true);
    expect(admission.ban('busy', true)).toBe(60 * 60_000);
  });
});
