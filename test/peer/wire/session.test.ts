// How a session ends, what it bears, and what its streams do: a remote that speaks by hand.
import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { socketOf } from '../../../src/peer/patches/tcp.ts';
import { FLOODS } from '../../../src/peer/wire/frame-budget.ts';
import { READS_NOTHING } from '../../../src/peer/wire/outbox.ts';
import { FLAG, GO_AWAY, TYPE } from '../../../src/peer/wire/yamux-frames.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { data, frame } from './raw-remote.ts';
import { attack, bytesOf, fill, openStream } from './victim.ts';

const MIB = 2 ** 20;

describe('a connection ends with its session', () => {
  it.each([
    ['as it should', GO_AWAY.normal, undefined, 'closed'],
    ['for an error', GO_AWAY.protocolError, 'the remote ended the session', undefined],
    ['for what nobody knows', 77, 'the remote ended the session', undefined],
  ])('that the remote ended %s', async (_, code, reason, end) => {
    const victim = await attack();
    const { ended } = await openStream(victim);
    victim.remote.send(frame(TYPE.goAway, 0, 0, code));
    expect((await victim.closed)?.message).toBe(reason);
    expect(await ended).toBe(end ?? reason);
    await victim.remote.hungUp;
    expect(victim.node.getConnections()).toHaveLength(0);
  });

  it('that the remote ended, though it does not read what is left', async () => {
    const victim = await attack();
    const { ended } = await fill(victim);
    victim.remote.send(frame(TYPE.goAway, 0, 0, GO_AWAY.normal));
    expect(await ended).toBe('closed');
    expect((await victim.closed)?.message).toBeDefined();
    expect(socketOf(victim.connection)!.destroyed).toBe(true);
  });

  it('that could not be closed in time', async () => {
    const victim = await attack();
    await fill(victim);
    const close = victim.connection.close({ signal: AbortSignal.timeout(10) });
    await expect(close).rejects.toThrow();
    await victim.closed;
    expect(socketOf(victim.connection)!.destroyed).toBe(true);
    expect(victim.node.getConnections()).toHaveLength(0);
  });

  it('whose remote ends its half and reads nothing: nothing of it is kept', async () => {
    const victim = await attack();
    const { ended } = await fill(victim);
    victim.remote.socket.end();
    await ended;
    await vi.waitFor(() => expect(socketOf(victim.connection)!.destroyed).toBe(true));
    // Otherwise it would wait for that socket.
    await victim.node.stop();
  });
});

it('a remote that never reads is cut off after 5 minutes', async () => {
  let late = 0;
  const looks: (() => void)[] = [];
  const victim = await attack({
    ...systemClock,
    now: () => systemClock.now() + late,
    every: (ms, what, run) => {
      if (what === 'watching a full socket') looks.push(run);
      return systemClock.every(ms, what, run);
    },
  });
  const { ended } = await fill(victim);
  const look = (): void => {
    for (const run of looks) run();
  };
  look();
  late = 290_000;
  look();
  expect(victim.connection.status).toBe('open');
  late = 300_000;
  look();
  expect((await victim.closed)?.message).toBe(READS_NOTHING);
  expect(await ended).toBe(READS_NOTHING);
});

describe('a flood ends its connection', () => {
  const many = (count: number, make: (i: number) => Buffer): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
  const opening = (flags: number, i: number): Buffer =>
    frame(TYPE.windowUpdate, FLAG.syn | flags, 3 + 2 * i, 0);
  const reset = (i: number): Buffer => frame(TYPE.windowUpdate, FLAG.rst, 3 + 2 * i, 0);

  it.each<[string, (i: number) => Buffer]>([
    ['streams that are reset as they open', (i) => opening(FLAG.rst, i)],
    ['streams that are reset at once', (i) => Buffer.concat([opening(0, i), reset(i)])],
    ['pings', (i) => many(128, (n) => frame(TYPE.ping, FLAG.syn, 0, 128 * i + n))],
    ['windows of no stream', () => many(128, () => frame(TYPE.windowUpdate, 0, 99, 1))],
    ['data of no stream', () => many(128, () => data(99, Buffer.alloc(1)))],
    ['frames without data', () => many(128, () => data(1, Buffer.alloc(0)))],
  ])('of %s', async (_, make) => {
    const victim = await attack();
    const { ended } = await openStream(victim);
    // A budget's worth, and a tenth of it.
    for (let i = 0; i < 1408; i++) victim.remote.send(make(i));
    expect((await victim.closed)?.message).toBe(FLOODS);
    expect(await ended).toBe(FLOODS);
  });

  it('of empty messages', async () => {
    const victim = await attack();
    const empty = (): Buffer => victim.remote.seal(Buffer.alloc(0));
    for (let i = 0; i < 164; i++) victim.remote.socket.write(many(1000, empty));
    expect((await victim.closed)?.message).toBe(FLOODS);
  });

  it('but not a thousand pings a second, each in a message of its own', async () => {
    const victim = await attack();
    const { remote, connection } = victim;
    const ping = (i: number): Buffer => remote.seal(frame(TYPE.ping, FLAG.syn, 0, i));
    remote.socket.write(many(10_000, ping));
    await vi.waitFor(() => {
      expect(remote.received().subarray(-12)).toEqual(frame(TYPE.ping, FLAG.ack, 0, 9999));
    });
    expect(connection.status).toBe('open');
  });
});

describe('a stream', () => {
  it('sends in parts what is longer than the socket holds, in a large window', async () => {
    const victim = await attack();
    const { frames } = await openStream(victim);
    victim.remote.send(frame(TYPE.windowUpdate, 0, 1, 16 * MIB));
    await vi.waitFor(() => expect(victim.connection.status).toBe('open'));
    const socket = socketOf(victim.connection)!;
    victim.remote.socket.pause();
    const bytes = randomBytes(6 * MIB);
    frames.send([bytes]);
    expect(socket.writableLength).toBeLessThan(1.5 * MIB);
    victim.remote.socket.resume();
    await frames.drained();
    await vi.waitFor(() => expect(bytesOf([victim.remote.received()])).toBeGreaterThan(6 * MIB));
    expect(victim.connection.status).toBe('open');
  });

  it('that is paused loses nothing, and keeps the order', async () => {
    const victim = await attack();
    const { stream, chunks } = await openStream(victim);
    const send = async (text: string): Promise<void> => {
      const read = socketOf(victim.connection)!.bytesRead;
      victim.remote.send(data(1, Buffer.from(text)));
      await vi.waitFor(() => expect(socketOf(victim.connection)!.bytesRead).toBeGreaterThan(read));
    };
    stream.pause();
    await send('one ');
    await send('two ');
    expect(chunks).toEqual([]);
    stream.resume();
    await send('three');
    expect(`${Buffer.concat(chunks)}`).toBe('one two three');
  });

  it('that the remote ended gives no more: its data ends the connection', async () => {
    const victim = await attack();
    const { chunks } = await openStream(victim);
    victim.remote.send(data(1, Buffer.from('one'), FLAG.fin), data(1, Buffer.from('two')));
    expect((await victim.closed)?.message).toBe('data of a stream that had ended');
    expect(`${Buffer.concat(chunks)}`).toBe('one');
  });
});
