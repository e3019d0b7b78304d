import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Opener, Sealer, SPENT } from '../../../src/peer/wire/noise-cipher.ts';
import { Outbox } from '../../../src/peer/wire/outbox.ts';
import { FLAG, TYPE } from '../../../src/peer/wire/yamux-frames.ts';
import { data, frame } from './raw-remote.ts';

const KEY = Buffer.alloc(32, 3);

interface Ends {
  readonly socket: Socket;
  readonly far: Socket;
  /** What came at the other end. */
  received(): Buffer;
}

async function connectPair(): Promise<Ends> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [far] = (await accepted) as [Socket];
  await once(socket, 'connect');
  onTestFinished(() => {
    socket.destroy();
    far.destroy();
  });
  const chunks: Buffer[] = [];
  far.on('data', (chunk) => chunks.push(chunk));
  return { socket, far, received: () => Buffer.concat(chunks) };
}

/** Opens whole messages, in their order. */
function opened(bytes: Buffer): Buffer[] {
  const opener = new Opener(KEY);
  const texts: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    texts.push(Buffer.from(opener.open(bytes.subarray(at + 2, end)) as Uint8Array));
    at = end;
  }
  return texts;
}

describe('Outbox', () => {
  it('makes one message and one write of the small frames of a turn', async () => {
    const { socket, received } = await connectPair();
    const write = vi.spyOn(socket, 'write');
    const outbox = new Outbox(socket, new Sealer(KEY), () => {});
    const payload = Buffer.from('hello');
    outbox.control(TYPE.windowUpdate, FLAG.syn, 1, 0);
    outbox.data(1, [payload.subarray(0, 2), payload.subarray(2)], 5);
    outbox.control(TYPE.ping, FLAG.ack, 0, 7);
    // What was handed over is not needed any more.
    payload.fill(0);
    expect(write).not.toHaveBeenCalled();
    const expected = Buffer.concat([
      frame(TYPE.windowUpdate, FLAG.syn, 1, 0),
      data(1, Buffer.from('hello')),
      frame(TYPE.ping, FLAG.ack, 0, 7),
    ]);
    await vi.waitFor(() => expect(opened(received())).toEqual([expected]));
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('sends a large frame at once, after what waits', async () => {
    const { socket, received } = await connectPair();
    const outbox = new Outbox(socket, new Sealer(KEY), () => {});
    const block = Buffer.alloc(200_000, 5);
    outbox.control(TYPE.windowUpdate, 0, 1, 9);
    outbox.data(1, [block], block.length);
    expect(socket.bytesWritten).toBeGreaterThan(block.length);
    outbox.control(TYPE.windowUpdate, 0, 1, 10);
    const all = Buffer.concat([
      frame(TYPE.windowUpdate, 0, 1, 9),
      data(1, block),
      frame(TYPE.windowUpdate, 0, 1, 10),
    ]);
    await vi.waitFor(() => expect(Buffer.concat(opened(received())).equals(all)).toBe(true));
  });

  it('holds more small frames than its memory has room for', async () => {
    const { socket, received } = await connectPair();
    const outbox = new Outbox(socket, new Sealer(KEY), () => {});
    for (let i = 0; i < 5000; i++) outbox.control(TYPE.ping, FLAG.syn, 0, i);
    const sum = () => Buffer.concat(opened(received()));
    await vi.waitFor(() => expect(sum().length).toBe(12 * 5000));
    expect(sum().readUInt32BE(12 * 5000 - 4)).toBe(4999);
  });

  it('fails once when its key is spent, and sends nothing more', async () => {
    const { socket } = await connectPair();
    const failures: string[] = [];
    const outbox = new Outbox(socket, new Sealer(KEY, 0xffff_ffff), (why) => failures.push(why));
    for (let i = 0; i < 3; i++) {
      outbox.control(TYPE.ping, FLAG.syn, 0, i);
      outbox.flush();
    }
    expect(failures).toEqual([SPENT]);
    expect(socket.bytesWritten).toBe(2 + 12 + 16);
  });

  it('drops what comes after the socket has ended', async () => {
    const { socket } = await connectPair();
    const failures: string[] = [];
    const outbox = new Outbox(socket, new Sealer(KEY), (why) => failures.push(why));
    socket.destroy();
    outbox.data(1, [Buffer.alloc(100_000)], 100_000);
    outbox.control(TYPE.ping, FLAG.syn, 0, 1);
    outbox.flush();
    expect(failures).toEqual([]);
  });
});
