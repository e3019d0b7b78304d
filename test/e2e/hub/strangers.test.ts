// A server beyond this host that names ports of this host: hosts in network namespaces.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { needs } from '../../support/needs.ts';
import { scratch, start } from '../binary.ts';
import { inside, makeLan, namespaces } from '../namespaces.ts';

/** Runs code on a host, and hears its lines; the first one says that it listens. */
async function onHost(host: string, code: string): Promise<string[]> {
  const [command, ...wrapper] = inside(host);
  const child = spawn(command!, [...wrapper, process.execPath, '-e', code]);
  onTestFinished(() => void child.kill());
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await once(child.stdout, 'data');
  return lines;
}

const PORT_OF_HOST = `require('node:net').createServer((socket) => {
  console.log('called');
  socket.destroy();
}).listen(2222, '127.0.0.1', () => console.log('listening'))`;

const server = (status: number, headers: object): string => `require('node:http').createServer(
  (_, response) => response.writeHead(${status}, ${JSON.stringify(headers)}).end('hello'),
).listen(80, '10.78.0.1', () => console.log('listening'))`;

const near = ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '0.0.0.0'];
const links = near.map((host) => `<http://${host}:2222/x>; rel=duplicate`).join(', ');

it.each([
  ['links', 0, server(200, { 'content-length': 5, link: links })],
  ...near.map((host) => [
    `a redirect to ${host}`,
    1,
    server(302, { location: `http://${host}:2222/` }),
  ]),
] as [string, number, string][])(
  'does not make `client get` call them: %s',
  { ...needs(...namespaces('ip link add switch0 type bridge')), timeout: 60_000 },
  async (_, exit, code) => {
    const [far, here] = makeLan(2) as [string, string];
    await onHost(far, code);
    const calls = await onHost(here, PORT_OF_HOST);
    const out = join(await scratch(), 'x');
    const args = ['client', 'get', '--timeout', '5', '-o', out, 'http://10.78.0.1/x'];
    const client = start(args, {}, inside(here));
    expect(await client.exit).toBe(exit);
    expect(calls).toEqual(['listening']);
    if (exit > 0) expect(client.stderr).toContain('leads to this host or a private network');
  },
);
