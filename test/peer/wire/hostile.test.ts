// What a remote must not do, after a proper handshake: the stream or the connection ends with its
// reason, other connections go on, and memory stays bounded.
import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { socketOf } from '../../../src/peer/patches/tcp.ts';
import { NOT_AUTHENTIC, TOO_SHORT } from '../../../src/peer/wire/noise-cipher.ts';
import { READS_NOTHING } from '../../../src/peer/wire/outbox.ts';
import { CUT_OFF, TOO_SLOW } from '../../../src/peer/wire/secured-connection.ts';
import { FLAG, FrameReader, TYPE } from '../../../src/peer/wire/yamux-frames.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { data, frame, open, type RawRemote } from './raw-remote.ts';
import { attack, bytesOf, fill, openStream, PROTOCOL, type Victim } from './victim.ts';

const KIB = 1024;
const WINDOW = 256 * KIB;

describe('a connection ends with its reason', () => {
  const length = (bytes: number): Buffer => {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(bytes);
    return head;
  };

  it.each<[string, (remote: RawRemote) => Uint8Array, string]>([
    [
      'a message shorter than its tag',
      () => Buffer.concat([length(15), randomBytes(15)]),
      TOO_SHORT,
    ],
    ['an empty message', () => length(0), TOO_SHORT],
    ['a wrong tag', () => Buffer.concat([length(100), randomBytes(100)]), NOT_AUTHENTIC],
    [
      'a long message with a wrong tag',
      () => Buffer.concat([length(60_000), randomBytes(60_000)]),
      NOT_AUTHENTIC,
    ],
    [
      'a frame of another version',
      ({ seal }) => seal(Buffer.alloc(12, 1)),
      'a frame of yamux version 1',
    ],
    ['a frame of no type', ({ seal }) => seal(frame(4, 0, 0, 0)), 'a frame of type 4'],
    [
      'a ping on a stream',
      ({ seal }) => seal(frame(TYPE.ping, FLAG.syn, 1, 0)),
      'a frame of type 2 on a stream',
    ],
    ['data of the session', ({ seal }) => seal(data(0, randomBytes(4))), 'a frame of no stream'],
    [
      'an answer to no ping',
      ({ seal }) => seal(frame(TYPE.ping, FLAG.ack, 0, 77)),
      'an answer to no ping',
    ],
    [
      "a stream with a number of the other side's",
      ({ seal }) => seal(open(2, PROTOCOL)),
      'a stream with a number of this side',
    ],
    [
      'a frame longer than any window',
      ({ seal }) => seal(frame(TYPE.data, 0, 9, 2 ** 22 + 1)),
      'a frame of 4194305 bytes, more than may be sent',
    ],
    [
      'a frame of 4 GiB',
      ({ seal }) => seal(frame(TYPE.data, 0, 9, 2 ** 32 - 1)),
      'a frame of 4294967295 bytes, more than may be sent',
    ],
  ])('for %s', async (_, bytes, reason) => {
    const { remote, closed, node } = await attack();
    remote.socket.write(bytes(remote));
    expect((await closed)?.message).toBe(reason);
    await remote.hungUp;
    expect(node.getConnections()).toHaveLength(0);
  });

  it('for more than a window, and the streams with it, having kept no more', async () => {
    const victim = await attack();
    const { ended, chunks } = await openStream(victim);
    const { remote, closed } = victim;
    for (let i = 0; i < 5; i++) remote.send(data(1, randomBytes(50 * KIB)));
    // Without waiting for a grant. What was granted meanwhile is less than this.
    remote.send(frame(TYPE.data, 0, 1, 4 * WINDOW));
    const reason = `a frame of ${4 * WINDOW} bytes, more than may be sent`;
    expect(await ended).toBe(reason);
    expect((await closed)?.message).toBe(reason);
    expect(bytesOf(chunks)).toBe(250 * KIB);
  });

  it('for an end in the middle of a message', async () => {
    const victim = await attack();
    const { ended } = await openStream(victim);
    victim.remote.socket.end(victim.remote.seal(data(1, randomBytes(1000))).subarray(0, 500));
    expect(await ended).toBe(CUT_OFF);
    await victim.closed;
  });

  it('for a message a byte at a time, however often a byte comes', async () => {
    let late = 0;
    const victim = await attack({ ...systemClock, now: () => systemClock.now() + late });
    const { ended } = await openStream(victim);
    const socket = socketOf(victim.connection)!;
    const { remote } = victim;
    const message = remote.seal(data(1, randomBytes(50_000)));
    for (let i = 0; i < 121 && victim.connection.status === 'open'; i++) {
      const read = socket.bytesRead;
      remote.socket.write(message.subarray(i, i + 1));
      await vi.waitFor(() => expect(socket.bytesRead).toBe(read + 1), { interval: 1 });
      late += 1000;
    }
    remote.socket.write(message.subarray(121, 122));
    expect(await ended).toBe(TOO_SLOW);
    expect((await victim.closed)?.message).toBe(TOO_SLOW);
  });

  it('for asking without reading, before much is kept for it', async () => {
    const victim = await attack();
    const { remote, closed, connection } = victim;
    const socket = socketOf(connection)!;
    await fill(victim);
    let most = 0;
    const pings = Buffer.concat(
      Array.from({ length: 5000 }, (_, i) => frame(TYPE.ping, FLAG.syn, 0, i)),
    );
    const flood = (): void => {
      while (connection.status === 'open' && !remote.socket.writableNeedDrain) {
        most = Math.max(most, socket.writableLength);
        remote.send(pings);
      }
      if (connection.status === 'open') remote.socket.once('drain', flood);
    };
    flood();
    expect((await closed)?.message).toBe(READS_NOTHING);
    expect(most).toBeLessThan(4 * 2 ** 20);
  });
});

describe('a stream ends alone', () => {
  it('when its sink throws: the others go on', async () => {
    const failures: string[] = [];
    hearFailures((what) => failures.push(what));
    const victim = await attack();
    const first = await openStream(victim);
    first.frames.onData(() => {
      throw new Error('the sink fails');
    });
    const second = await openStream(victim, 3);
    // The sink of a stream is diverted after this turn.
    await new Promise(setImmediate);
    victim.remote.send(data(1, randomBytes(10)), data(3, Buffer.from('goes on')));
    expect(await first.ended).toBe('the sink fails');
    await vi.waitFor(() => expect(`${Buffer.concat(second.chunks)}`).toBe('goes on'));
    expect(failures).toEqual(['reading a stream']);
    expect(victim.connection.status).toBe('open');
  });

  it('when it is reset with a frame of data, whose rest is of no use', async () => {
    const victim = await attack();
    const { ended, chunks } = await openStream(victim);
    victim.remote.send(data(1, randomBytes(100), FLAG.rst), data(1, randomBytes(100)));
    expect(await ended).toBe('reset');
    expect(chunks).toEqual([]);
    await openStream(victim, 3);
  });

  it('when it is ended with a frame of data, after the data', async () => {
    const victim = await attack();
    const { ended, chunks } = await openStream(victim);
    victim.remote.send(data(1, Buffer.from('the last'), FLAG.fin));
    expect(await ended).toBe('closed');
    expect(`${Buffer.concat(chunks)}`).toBe('the last');
  });

  it('when there are too many', async () => {
    const victim = await attack();
    for (let i = 0; i < 1100; i++)
      victim.remote.send(frame(TYPE.windowUpdate, FLAG.syn, 1 + 2 * i, 0));
    const resets = (): number => {
      let count = 0;
      const reader = new FrameReader({
        handleHeader: (_type, flags) => {
          if (flags === FLAG.rst) count++;
          return undefined;
        },
        handlePayload: () => {},
        handlePayloadEnd: () => {},
      });
      expect(reader.read(victim.remote.received())).toBe(undefined);
      return count;
    };
    await vi.waitFor(() => expect(resets()).toBe(100));
    const inbound = victim.connection.streams.filter(({ direction }) => direction === 'inbound');
    expect(inbound).toHaveLength(1000);
    expect(victim.connection.status).toBe('open');
  });
});

describe('a remote that does not read', () => {
  it('is sent its window and no more, and the stream is cut at what is kept', async () => {
    const victim = await attack();
    const { frames, ended } = await openStream(victim);
    for (let i = 0; i < 64; i++) frames.send([Buffer.alloc(256 * KIB)]);
    expect(await ended).toMatch(/write buffer/i);
    const sent = () => bytesOf([victim.remote.received()]);
    await vi.waitFor(() => expect(sent()).toBeGreaterThan(WINDOW));
    expect(sent()).toBeLessThan(WINDOW + 10 * KIB);
  });
});

describe('the end of a connection while reading rests', () => {
  /** Brings the victim into a pause in the middle of a message. */
  async function rest(victim: Victim): Promise<void> {
    const socket = socketOf(victim.connection)!;
    const message = victim.remote.seal(data(1, randomBytes(60_000)));
    const isResting = (): boolean =>
      (socket as unknown as { _handle: { reading: boolean } })._handle.reading === false;
    for (let at = 0; at < 50_000 && !isResting(); at += 50) {
      const read = socket.bytesRead;
      victim.remote.socket.write(message.subarray(at, at + 50));
      await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(read), { interval: 1 });
    }
    expect(isResting()).toBe(true);
  }

  it.each<[string, (victim: Victim) => unknown]>([
    ['abort', ({ connection }) => connection.abort(new Error('enough'))],
    ['close', ({ connection }) => connection.close()],
    ['the stop of the node', ({ node }) => node.stop()],
    ['a reset by the remote', ({ remote }) => remote.socket.resetAndDestroy()],
    ['an end by the remote', ({ remote }) => remote.socket.end()],
  ])('is as always: %s', async (_, end) => {
    const victim = await attack();
    const { ended } = await openStream(victim);
    await rest(victim);
    await end(victim);
    await victim.closed;
    await ended;
    await vi.waitFor(() => expect(socketOf(victim.connection)!.destroyed).toBe(true));
    expect(victim.node.getConnections()).toHaveLength(0);
  });
});
