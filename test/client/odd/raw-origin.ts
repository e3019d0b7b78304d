// A server that reads requests and answers with bytes of the test's choice.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { OddOrigin } from './origins.ts';

export interface RawOrigin {
  readonly url: URL;
  /** `METHOD target` of each request. */
  readonly seen: string[];
  /** Sends bytes to all who wait. */
  send(text: string): Promise<unknown>;
  close(): void;
}

export async function startRawOrigin({ answer, keeps }: OddOrigin): Promise<RawOrigin> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const handle = (socket: Socket, request: string): void => {
    const [first = '', ...lines] = request.split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const fields = lines.map((line) => /^(.*?): (.*)$/.exec(line)?.slice(1) ?? ['', '']);
    seen.push(`${method} ${target}`);
    const headers = new Map(fields.map(([name = '', value = '']) => [name.toLowerCase(), value]));
    const text = answer({ method, target, headers });
    if (text === 'hold') return;
    if (text === 'cut') return void socket.destroy();
    socket.write(text, 'latin1');
    if (!keeps) socket.end();
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const [rest = '', ...requests] = text.split('\r\n\r\n').reverse();
      text = rest;
      for (const request of requests.reverse()) handle(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`),
    seen,
    send: (text) =>
      Promise.all(
        [...sockets]
          .filter(({ writable }) => writable)
          .map((socket) => new Promise((resolve) => socket.write(text, 'latin1', resolve))),
      ),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
