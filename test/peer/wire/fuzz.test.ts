// Mutated input: each decoder in one process, and real connections. HUBSWARM_FUZZ multiplies the
// number of frames for each decoder (20: 10^6).
import { randomInt } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { NOT_AUTHENTIC, Opener, Sealer, TOO_SHORT } from '../../../src/peer/wire/noise-cipher.ts';
import { RecordBuffer } from '../../../src/peer/wire/noise-records.ts';
import { type FrameHandler, FrameReader, TYPE } from '../../../src/peer/wire/yamux-frames.ts';
import { createRng } from '../../../src/runtime/rng.ts';
import { useNodes } from '../nodes.ts';
import { connectRaw, data, frame, open, type RawRemote } from './raw-remote.ts';

const TIMES = Number(process.env.HUBSWARM_FUZZ ?? 1);
const FRAMES = 50_000 * TIMES;
const FRAMES_ON_CONNECTIONS = 2000;
const TIMEOUT_MS = 600_000;
const PROTOCOL = '/hubswarm/test/1.0.0';
/** Printed when a test fails: with it the run is the same. */
const SEED = Number(process.env.HUBSWARM_FUZZ_SEED ?? randomInt(2 ** 31));
const MEBIBYTE = 2 ** 20;
const startNode = useNodes();

const { below } = createRng(SEED);

function mutate(bytes: Uint8Array): Buffer {
  const mutated = Buffer.from(bytes);
  for (let i = 0; i <= below(3); i++) mutated[below(mutated.length)] = below(256);
  return below(10) === 0 ? mutated.subarray(0, below(mutated.length + 1)) : mutated;
}

function someFrame(): Buffer {
  const id = 1 + 2 * below(3);
  switch (below(4)) {
    case 0:
      return data(id, Buffer.alloc(below(200), 7), below(16));
    case 1:
      return frame(TYPE.windowUpdate, below(16), id, below(2 ** 32));
    case 2:
      return frame(TYPE.ping, 1 + below(2), 0, below(100));
    default:
      return frame(TYPE.goAway, 0, 0, below(4));
  }
}

describe(`mutated input (seed ${SEED})`, { timeout: TIMEOUT_MS }, () => {
  it('gives the frame reader frames or a violation, in no more memory', () => {
    let headers = 0;
    let violations = 0;
    let announced = 0;
    let handed = 0;
    const handler: FrameHandler = {
      handleHeader: (type, _flags, _stream, length) => {
        headers++;
        if (type > TYPE.goAway || length > MEBIBYTE) return 'not allowed';
        if (type === TYPE.data) announced += length;
        return undefined;
      },
      handlePayload: ({ length }) => {
        handed += length;
      },
      handlePayloadEnd: () => {},
    };
    let reader = new FrameReader(handler);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < FRAMES; i++) {
      if (reader.read(mutate(someFrame())) === undefined) continue;
      violations++;
      reader = new FrameReader(handler);
    }
    expect(headers).toBeGreaterThan(0);
    expect(violations).toBeGreaterThan(0);
    expect(handed).toBeLessThanOrEqual(announced);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MEBIBYTE);
  });

  it('gives the reader of messages messages, in no more memory', () => {
    const records = new RecordBuffer();
    const before = process.memoryUsage().arrayBuffers;
    let found = 0;
    for (let i = 0; i < FRAMES; i++) {
      const length = below(4) === 0 ? below(3000) : below(60);
      const record = Buffer.alloc(2 + length);
      record.writeUInt16BE(length);
      const bytes = mutate(record);
      const space = records.space();
      expect(space.length).toBeGreaterThanOrEqual(Math.max(records.missing, bytes.length));
      space.set(bytes);
      records.handleRead(bytes.length);
      for (let next = records.next(); next; next = records.next()) found++;
    }
    records.release();
    expect(found).toBeGreaterThan(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MEBIBYTE);
  });

  it('opens no message but the one that was sealed', () => {
    const key = Buffer.alloc(32, 1);
    for (let i = 0; i < FRAMES; i++) {
      const size = below(20) === 0 ? below(2000) : below(100);
      const sealed = Buffer.concat(new Sealer(key, i).seal([Buffer.alloc(size)], size)!).subarray(
        2,
      );
      const mutated = mutate(sealed);
      const opened = new Opener(key, i).open(mutated);
      if (mutated.equals(sealed)) expect(opened).toHaveLength(size);
      else expect(opened).toBe(mutated.length < 16 ? TOO_SHORT : NOT_AUTHENTIC);
    }
  });

  it('ends connections, and leaves the node as it was', async () => {
    const node = await startNode();
    let received = 0;
    await node.handle(PROTOCOL, (stream, { remotePeer }) => {
      new FrameStream(stream, remotePeer.toString()).onData(({ length }) => {
        received += length;
      });
    });
    let sent = 0;
    let ended = 0;
    while (sent < FRAMES_ON_CONNECTIONS) {
      const remote = await connectRaw(node);
      remote.send(open(1, PROTOCOL));
      sent += await sendMutated(remote, FRAMES_ON_CONNECTIONS - sent);
      if (remote.socket.destroyed) ended++;
      remote.socket.destroy();
    }
    expect(ended).toBeGreaterThan(0);
    await vi.waitFor(() => expect(node.getConnections()).toHaveLength(0));
    // One that keeps the rules is served as before.
    const honest = await connectRaw(node);
    const before = received;
    honest.send(open(1, PROTOCOL), data(1, Buffer.from('hello')));
    await vi.waitFor(() => expect(received).toBe(before + 5));
  });
});

/** Until the node hangs up, or has heard this many; returns how many were sent. */
async function sendMutated(remote: RawRemote, most: number): Promise<number> {
  let sent = 0;
  while (sent < Math.min(most, 50) && !remote.socket.destroyed) {
    const bad = mutate(someFrame());
    // One in ten is broken after it was sealed.
    const message = remote.seal(bad);
    remote.socket.write(below(10) === 0 ? mutate(message) : message);
    sent++;
    if (sent % 5 === 0) await new Promise(setImmediate);
  }
  return sent;
}
