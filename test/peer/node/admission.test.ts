// What strangers may hold together: real nodes, time as the test has it.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EXCHANGE_PROTOCOL } from '../../../src/exchange/wire/message.ts';
import { Admission } from '../../../src/peer/node/admission.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
afterEach(() => {
  vi.useRealTimers();
});

describe('Admission', () => {
  it('cuts the oldest idle connections when newcomers have no room, and no exchange', async () => {
    const MOST = 8;
    const node = await startNode({ maxConnections: MOST });
    await node.handle(EXCHANGE_PROTOCOL, () => {});
    const admission = new Admission(MOST);
    admission.watch(node);
    const useful = await startNode();
    const stream = await useful.dialProtocol(node.getMultiaddrs(), EXCHANGE_PROTOCOL);
    stream.send(Uint8Array.of(0));
    for (let i = 0; i < 5; i++) await (await startNode()).dial(node.getMultiaddrs());
    await expect.poll(() => node.getConnections().length).toBe(6);
    // Five seconds later they are idle.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6000 });
    for (let i = 0; i < 10; i++) {
      const newcomer = await startNode();
      await newcomer.dial(node.getMultiaddrs());
      await expect.poll(() => node.getConnections(newcomer.peerId).length).toBe(1);
      vi.setSystemTime(Date.now() + 6000);
    }
    expect(node.getConnections().length).toBeLessThanOrEqual(7);
    expect(node.getConnections(useful.peerId)).toHaveLength(1);
  });
});

describe('a ban', () => {
  it('for load ends by itself and is longer the next time; one for a violation does not', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const admission = new Admission();
    expect(admission.ban('busy', true)).toBe(60_000);
    admission.ban('liar', false);
    vi.advanceTimersByTime(59_999);
    expect(admission.isBanned('busy')).toBe(true);
    vi.advanceTimersByTime(1);
    expect(admission.isBanned('busy')).toBe(false);
    expect(admission.ban('busy', true)).toBe(120_000);
    vi.advanceTimersByTime(24 * 60 * 60_000);
    expect(admission.isBanned('busy')).toBe(false);
    expect(admission.isBanned('liar')).toBe(true);
    // A flood afterwards does not shorten it.
    expect(admission.ban('liar', true)).toBe(Number.POSITIVE_INFINITY);
    for (let times = 0; times < 20; times++) admission.ban('busy', true);
    expect(admission.ban('busy', true)).toBe(60 * 60_000);
  });
});
