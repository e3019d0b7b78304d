// What an edge without a copy tells of its origin, and what a client makes of it.
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectionFailure, onItsWay } from '../../src/client/http/source-failure.ts';
import { upstreamsOf } from '../../src/edge/refusals.ts';
import { runGet } from '../client/run-get.ts';
import { startHub } from '../server/hub.ts';
import { share, startEdge } from './edge.ts';

async function listen(answer: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

const addressOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as { port: number }).port}/`;

/** Answers as a hub to the edge's first question, then as it is told. */
const hubThat = (then: (socket: Socket) => void) =>
  listen((socket) => {
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').includes('/healthz')) return then(socket);
      const body = '{"status":"ok"}';
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  });

const FIELD = 'proxy-status';

describe('an edge tells in Proxy-Status', () => {
  it('that its origin refuses the connection, and a client reads it', async () => {
    const gone = await listen(() => undefined);
    const url = addressOf(gone);
    gone.close();
    const edge = await startEdge(url);
    const answer = await edge.ask('/files/f');
    expect(answer.status).toBe(502);
    expect(answer.headers[FIELD]).toBe('hubswarm-edge; error=connection_refused');
    const got = await runGet([new URL('files/f', edge.running.url)], {
      output: '-',
      timeoutMs: 100,
    });
    expect(got.error?.message).toContain('502 Bad Gateway: at its origin: connection refused');
    // The next edge says what it got, and what lies behind.
    const second = await startEdge(edge);
    expect((await second.ask('/files/f')).headers[FIELD]).toBe(
      'hubswarm-edge; error=connection_refused, hubswarm-edge; received-status=502',
    );
  });

  it('that there is no host of that name', async () => {
    const edge = await startEdge('http://nowhere.invalid/');
    expect((await edge.ask('/files/f')).headers[FIELD]).toMatch(/error=dns_(error|timeout)$/);
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['that its origin is silent', 'error=http_response_timeout', () => undefined],
    ['that it breaks off', 'error=http_response_incomplete', (socket) => socket.end()],
    ['that it speaks no HTTP', 'error=http_protocol_error', (socket) => socket.write('x\r\n\r\n')],
    [
      'its status',
      'received-status=503',
      (socket) => socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'),
    ],
  ])('%s', async (_, told, then) => {
    const edge = await startEdge(addressOf(await hubThat(then)), { patienceMs: 300 });
    const answer = await edge.ask('/files/f');
    expect(answer.status).toBe(502);
    expect(answer.headers[FIELD]).toBe(`hubswarm-edge; ${told}`);
  });

  it('nothing of what it has, or its origin refuses for itself', async () => {
    const origin = await startHub();
    await share(origin, 'f', 1000);
    const edge = await startEdge(origin);
    expect((await edge.ask('/files/f')).headers[FIELD]).toBeUndefined();
    expect((await edge.ask('/files/none')).headers[FIELD]).toBeUndefined();
    await origin.running.stop();
    expect((await edge.ask('/files/f')).headers[FIELD]).toBeUndefined();
  });
});

it.each<[string, string]>([
  ['ECONNREFUSED', 'connection_refused'],
  ['ENETUNREACH', 'destination_ip_unroutable'],
  ['EAI_AGAIN', 'dns_timeout'],
  ['ETIMEDOUT', 'connection_timeout'],
  ['CERT_HAS_EXPIRED', 'tls_certificate_error'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_protocol_error'],
  ['ECONNRESET', 'connection_terminated'],
])('a socket that fails with %s is told as %s', (code, error) => {
  const failure = connectionFailure(Object.assign(new Error('x'), { code, syscall: 'connect' }));
  expect(upstreamsOf(failure)).toEqual([{ error }]);
  // In words for the user, and behind a proxy, it is the same.
  expect(upstreamsOf(onItsWay(failure, 'by a proxy'))).toEqual([{ error }]);
});
