// Canaries: what the patches reach for is where they look for it, in a real connection.
// After an upgrade of a package, a failure here says which patch no longer does anything.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, connect as dial } from 'node:net';
import type { Connection, MessageStream } from '@libp2p/interface';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { inside } from '../../../src/peer/patches/inside.ts';
import { readInto } from '../../../src/peer/patches/socket-buffer.ts';
import { bareSocketOf, socketOf } from '../../../src/peer/patches/tcp.ts';
import { Session } from '../../../src/peer/wire/session.ts';
import { speak } from '../../../src/peer/wire/speak.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();

interface Inside {
  readonly muxer: object;
  readonly maConn: MessageStream;
}

const insideOf = (connection: Connection): Inside => connection as Connection & Inside;

/** Both ends of a connection of two nodes. */
async function connect(): Promise<Connection[]> {
  const [a, b] = [await startNode(), await startNode()];
  const near = await a.dial(b.getMultiaddrs());
  await vi.waitFor(() => expect(b.getConnections()).toHaveLength(1));
  return [near, b.getConnections()[0]!];
}

describe('patches', () => {
  it('of the socket: found below both ends, with room for a block', async () => {
    for (const end of await connect()) {
      expect(socketOf(end)?.writableHighWaterMark).toBe(512 * 1024);
    }
  });

  it('of @libp2p/tcp: both ends are known for bare TCP, and take the short way', async () => {
    for (const end of await connect()) {
      expect(bareSocketOf(insideOf(end).maConn)).toBe(socketOf(end));
      expect(insideOf(end).muxer).toBeInstanceOf(Session);
    }
  });

  it('of a word: it is heard, and answered by a pong', async () => {
    const [near, far] = await connect();
    const [socket, other] = [socketOf(near!)!, socketOf(far!)!];
    // The ping of the beginning has been answered.
    await vi.waitFor(() => expect(other.bytesWritten).toBe(socket.bytesRead));
    const before = socket.bytesRead;
    speak(near!);
    await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(before));
    expect(near!.status).toBe('open');
  });

  it.each(['dialled', 'accepted'])(
    'of Node.js: a socket that was %s reads into our memory',
    async (kind) => {
      const server = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const accepted = once(server, 'connection');
      const dialled = dial((server.address() as { port: number }).port, '127.0.0.1');
      const [socket] = (await accepted) as [Socket];
      const [reading, writing] = kind === 'dialled' ? [dialled, socket] : [socket, dialled];
      onTestFinished(() => {
        reading.destroy();
        writing.destroy();
      });
      const before: Buffer[] = [];
      reading.on('data', (bytes) => before.push(bytes));
      writing.write('early');
      await vi.waitFor(() => expect(`${Buffer.concat(before)}`).toBe('early'));
      const memory = Buffer.alloc(8);
      let text = '';
      let goesOn = true;
      const handleRead = (length: number): boolean => {
        text += memory.toString('latin1', 0, length);
        return goesOn;
      };
      expect(readInto(reading, { space: () => memory, handleRead })).toBe(true);
      writing.write('more than fits');
      await vi.waitFor(() => expect(text).toBe('more than fits'));
      expect(Buffer.concat(before)).toHaveLength(5);
      // A pause is kept until the socket resumes, and its end is heard.
      goesOn = false;
      writing.write('123456789');
      await vi.waitFor(() => expect(text).toBe('more than fits12345678'));
      goesOn = true;
      const ended = once(reading, 'end');
      writing.end();
      await once(writing, 'finish');
      expect(text).toBe('more than fits12345678');
      reading.resume();
      await ended;
      expect(text).toBe('more than fits123456789');
    },
  );

  it('of Node.js: a socket without such members is left alone', () => {
    const heard: string[] = [];
    hearFailures((what) => heard.push(what));
    const handleRead = (): boolean => true;
    expect(readInto({} as Socket, { space: () => Buffer.alloc(1), handleRead })).toBe(false);
    expect(heard).toEqual(["the patch 'reading into own memory'"]);
  });
});

describe('inside', () => {
  it('tells once of a patch whose member is gone, and hands nothing over', () => {
    const heard: string[] = [];
    hearFailures((what, error) => heard.push(`${what}: ${(error as Error).message}`));
    const known = { a: 1 };
    expect(inside<{ a: number }>('of a', known, 'a')).toBe(known);
    for (let i = 0; i < 2; i++) {
      expect(inside<{ a: number; b: number; c: number }>('of b', known, 'a', 'b', 'c')).toBe(
        undefined,
      );
    }
    expect(inside<{ a: number }>('of nothing', undefined, 'a')).toBe(undefined);
    expect(heard).toEqual([
      "the patch 'of b': there is no b, no c",
      "the patch 'of nothing': there is no a",
    ]);
  });
});
