// Real streams; a hostile side says what a test has it say.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { askFiles, MOST_DIGESTS, serveFiles } from '../../../src/peer/calls/files-protocol.ts';
import { Inquiries } from '../../../src/peer/calls/inquiries.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import type { Standing } from '../../../src/swarm/network.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const PROTOCOL = '/hubswarm/files/1.0.0';
const startNode = useNodes();
const digest = (n: number): Uint8Array => createHash('sha256').update(`${n}`).digest();
const wait = (): AbortSignal => AbortSignal.timeout(5000);

async function answering(standings: ReadonlyMap<string, Standing>): Promise<Node> {
  const node = await startNode();
  await serveFiles(node, (asked) => standings.get(Buffer.from(asked).toString('hex')) ?? 'none');
  return node;
}

const hex = (n: number): string => Buffer.from(digest(n)).toString('hex');

describe('/hubswarm/files/1.0.0', () => {
  it('tells of each file how much of it is exchanged', async () => {
    const other = await answering(
      new Map([
        [hex(1), 'whole'],
        [hex(2), 'part'],
      ]),
    );
    const connection = await (await startNode()).dial(other.getMultiaddrs());
    const digests = [0, 1, 2].map(digest);
    expect(await askFiles(connection, digests, wait())).toEqual(['none', 'whole', 'part']);
  });

  it('resets a request that is not whole after 5 s', async () => {
    const [other, clock] = [await startNode(), new VirtualClock()];
    await serveFiles(other, () => 'none', clock);
    const stream = await (await startNode()).dialProtocol(other.getMultiaddrs(), PROTOCOL);
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
    stream.send(Uint8Array.of(0, 1));
    await expect.poll(() => clock.isIdle).toBe(false);
    await clock.advance(4999);
    expect([stream.status, clock.isIdle]).toEqual(['open', false]);
    await clock.advance(1);
    await closed;
    expect(stream.status).toBe('reset');
  });

  it.each([
    ['no file', [0, 0]],
    ['more files than may be asked for', [4, 1]],
    ['bytes after the request', [0, 1, ...new Uint8Array(33)]],
  ])('resets a request of %s', async (_what, bytes) => {
    const other = await answering(new Map());
    const stream = await (await startNode()).dialProtocol(other.getMultiaddrs(), PROTOCOL);
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
    stream.send(Uint8Array.from(bytes));
    await closed;
    expect(stream.status).toBe('reset');
  });

  it.each([
    ['too much', [0, 0, 0]],
    ['no standing', [0, 7]],
  ])('believes no answer that is %s', async (_what, bytes) => {
    const other = await startNode();
    await other.handle(PROTOCOL, (stream) => void stream.send(Uint8Array.from(bytes)));
    const connection = await (await startNode()).dial(other.getMultiaddrs());
    const asked = askFiles(connection, [0, 1].map(digest), wait());
    await expect(asked).rejects.toMatchObject({ code: 'ERR_REMOTE' });
  });
});

describe('Inquiries', () => {
  it('ask for ten thousand files in pages, one after the other', async () => {
    let pages = 0;
    const counting = await startNode();
    await serveFiles(counting, (asked) => (asked[0]! < 128 ? 'whole' : 'none'));
    const node = await startNode();
    await node.dial(counting.getMultiaddrs());
    const opened = node.getConnections(counting.peerId)[0]!;
    const newStream = opened.newStream.bind(opened);
    opened.newStream = (...args) => {
      if (args[0] === PROTOCOL) pages++;
      return newStream(...args);
    };
    const inquiries = new Inquiries(node);
    const digests = Array.from({ length: 10_000 }, (_, n) => digest(n));
    const answers = await Promise.all(
      digests.map((one) => inquiries.ask(counting.peerId.toString(), one)),
    );
    expect(answers).toEqual(digests.map((one) => (one[0]! < 128 ? 'whole' : 'none')));
    expect(pages).toBe(Math.ceil(10_000 / MOST_DIGESTS));
  });

  it('get no answer from a peer that speaks no such protocol', async () => {
    const other = await startNode();
    const node = await startNode();
    await node.dial(other.getMultiaddrs());
    expect(await new Inquiries(node).ask(other.peerId.toString(), digest(0))).toBeUndefined();
  });
});
