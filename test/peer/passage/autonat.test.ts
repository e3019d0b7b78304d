import { createServer } from 'node:net';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { AUTONAT_PROTOCOL, askCallBack, CallBacks } from '../../../src/peer/passage/autonat.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();

async function pair(): Promise<{ asker: Node; connection: Connection }> {
  const [server, asker] = await Promise.all([startNode(), startNode()]);
  const backs = new CallBacks(server, systemClock);
  await server.handle(AUTONAT_PROTOCOL, (stream: Stream, connection: Connection) =>
    backs.answer(stream, connection),
  );
  return { asker, connection: await asker.dial(server.getMultiaddrs()) };
}

describe('whether a peer can be called', () => {
  it('is told by a call back', async () => {
    const { asker, connection } = await pair();
    expect(await askCallBack(asker, connection, asker.getMultiaddrs())).toBe(true);
    const [closed] = [multiaddr('/ip4/127.0.0.1/tcp/9')];
    expect(await askCallBack(asker, connection, [closed])).toBe(false);
  });

  it('is never asked of a third host', async () => {
    const { asker, connection } = await pair();
    let calls = 0;
    const victim = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    onTestFinished(() => void victim.close());
    await new Promise<void>((done) => victim.listen(0, '127.0.0.2', done));
    const { port } = victim.address() as { port: number };
    const named = [multiaddr(`/ip4/127.0.0.2/tcp/${port}`)];
    expect(await askCallBack(asker, connection, named)).toBeUndefined();
    expect(await askCallBack(asker, connection, [...named, ...asker.getMultiaddrs()])).toBe(true);
    expect(calls).toBe(0);
  });

  it('is told to one host a few times', async () => {
    const { asker, connection } = await pair();
    const [closed] = [multiaddr('/ip4/127.0.0.1/tcp/9')];
    const answers = [];
    for (let at = 0; at < 18; at++) answers.push(await askCallBack(asker, connection, [closed]));
    expect(answers.slice(0, 16)).toEqual(Array(16).fill(false));
    expect(answers.at(-1)).toBeUndefined();
  });
});
