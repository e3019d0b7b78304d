// What a hub says of itself, as a real HTTP server says it, honest or not.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../src/client/http/http-client.ts';
import { addressesOf, findHub } from '../../src/hybrid/hub-address.ts';
import { SCOPE, type Scope } from '../../src/runtime/node/scope.ts';

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN';
const OTHER = '12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE';
const HERE = `/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`;
const NEAR = `/ip4/10.0.0.7/tcp/4001/p2p/${PEER}`;
const FAR = `/ip4/203.0.113.7/tcp/4001/p2p/${PEER}`;

interface Served {
  readonly url: URL;
  readonly http: HttpClient;
  readonly asked: string[];
}

async function serve(answer: RequestListener, teller?: Scope): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url!);
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const http = new HttpClient({ stallMs: 5000 });
  onTestFinished(() => {
    http.close();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  // Met before at an address of that scope, as one with two addresses is.
  if (teller === SCOPE.network) http.tellers.meet(url.origin, '10.0.0.1');
  if (teller === SCOPE.everywhere) http.tellers.meet(url.origin, '203.0.113.1');
  return { url, http, asked };
}

const tells =
  (about: unknown): RequestListener =>
  (_req, res) =>
    res.end(typeof about === 'string' ? about : JSON.stringify(about));

const about = (addresses: readonly unknown[], more: object = {}): object => ({
  version: 1,
  files: '../files/',
  swarm: { peer: PEER, addresses, ...more },
});

const find = ({ url, http }: Served, path = '') =>
  findHub(http, new URL(path, url), AbortSignal.timeout(10_000));

describe('findHub', () => {
  it.each([
    ['', ['/.well-known/hubswarm']],
    ['files/a/b', ['/.well-known/hubswarm']],
    ['files', ['/.well-known/hubswarm']],
    ['ipfs/bafy?format=raw', ['/.well-known/hubswarm']],
    ['hub', ['/hub/.well-known/hubswarm']],
    ['hub/files/files/x', ['/hub/.well-known/hubswarm']],
    ['hub/', ['/hub/.well-known/hubswarm']],
  ])('asks the hub of %j', async (path, asked) => {
    const served = await serve(tells(about([HERE])));
    const { base, files } = await find(served, path);
    expect(served.asked).toEqual(asked);
    expect(base.pathname).toBe(asked[0]!.replace('.well-known/hubswarm', ''));
    expect(files.href).toBe(`${base.href}files/`);
  });

  it('asks at the root if nothing is below the path', async () => {
    const served = await serve((req, res) => {
      if (req.url === '/.well-known/hubswarm') return tells(about([HERE]))(req, res);
      res.writeHead(404).end();
    });
    expect((await find(served, 'some/page')).base.href).toBe(served.url.href);
    expect(served.asked).toHaveLength(2);
  });

  it.each([
    [SCOPE.host, [HERE, NEAR, FAR]],
    [SCOPE.network, [NEAR, FAR]],
    [SCOPE.everywhere, [FAR]],
  ])('believes a hub of scope %i nothing nearer', async (teller, believed) => {
    const served = await serve(tells(about([HERE, NEAR, FAR])), teller);
    expect((await find(served)).swarm?.addresses).toEqual(believed);
  });

  it('calls a few addresses of those that are told', async () => {
    const many = Array.from({ length: 64 }, (_, i) => HERE.replace('4001', `${4001 + i}`));
    const { swarm } = await find(await serve(tells(about(many))));
    expect(swarm?.addresses).toEqual(many.slice(0, 8));
  });

  it('tells a private swarm from an open one, and takes what later versions add', async () => {
    const told = { ...about([HERE], { private: true, extra: 1 }), more: [] };
    const { swarm } = await find(await serve(tells(told)));
    expect(swarm).toEqual({ peer: PEER, addresses: [HERE], isPrivate: true, admits: false });
  });

  const NONE = 'answers as no hub does: it is none, or of another version';
  const LIAR = 'names addresses in the swarm that are not those of one peer';
  it.each<[string, unknown, string]>([
    ['text', 'hello', NONE],
    ['nothing', '', NONE],
    ['null', null, NONE],
    ['a list', [], NONE],
    ['another version', { version: 2, files: '../files/' }, NONE],
    ['files elsewhere', { version: 1, files: 'http://127.0.0.1:1/' }, NONE],
    ['files above', { version: 1, files: '../../../x' }, NONE],
    ['addresses that are no text', about([1]), NONE],
    ['10,000 addresses', about(Array(10_000).fill('/ip4/1.2.3.4/tcp/1')), 'sent over 49152 bytes'],
    ['65 addresses', about(Array(65).fill(HERE)), NONE],
    ['a long address', about([`/dns4/${'a'.repeat(600)}/tcp/1/p2p/${PEER}`]), NONE],
    [
      '1 MB',
      `{"version":1,"files":"../files/","x":"${'x'.repeat(2 ** 20)}"}`,
      'sent over 49152 bytes',
    ],
    ['nests', '['.repeat(40_000), NONE],
    ['another PeerId', about([HERE, `/ip4/127.0.0.1/tcp/4001/p2p/${OTHER}`]), LIAR],
    ['no PeerId', about(['/ip4/127.0.0.1/tcp/4001']), LIAR],
    ['no multiaddr', about(['http://127.0.0.1/']), LIAR],
    ['another kind', about([`/ip4/127.0.0.1/udp/4001/quic-v1/p2p/${PEER}`]), LIAR],
  ])('refuses %s in one line', async (_what, told, reason) => {
    const served = await serve(tells(told));
    await expect(find(served)).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      message: `${served.url.href}: ${reason}`,
    });
  });

  it('says of a status, and of silence, what any client says', async () => {
    const served = await serve((_req, res) => res.writeHead(404).end());
    const none = 'has no .well-known/hubswarm: it is no hub, or an older one';
    await expect(find(served)).rejects.toThrow(`${served.url.href}: ${none}`);
    const wrong = await serve((_req, res) => res.writeHead(401).end());
    await expect(find(wrong)).rejects.toThrow('401 Unauthorized: it may want a token');
    const gone = new URL('http://127.0.0.1:1/');
    await expect(find({ ...served, url: gone })).rejects.toThrow(
      `${gone.href}: connection refused`,
    );
  });
});

describe('addressesOf', () => {
  it('says which option a hub lacks', async () => {
    const plain = await find(await serve(tells({ version: 1, files: '../files/' })));
    expect(() => addressesOf(plain)).toThrow('started with --swarm');
    const near = await find(await serve(tells(about([HERE, NEAR])), SCOPE.everywhere));
    expect(() => addressesOf(near)).toThrow('names no address that can be called from here');
  });
});
