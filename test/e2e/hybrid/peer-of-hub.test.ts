// `peer --get CID --join http://HUB`, of a hub that is in no swarm.
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { randomFile, run, scratch, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';

async function cidOf(file: string): Promise<string> {
  const { stdout } = await run(['cid', file]);
  return /\b(baf\w+)/.exec(stdout)![1]!;
}

it.each([
  ['many pieces', 4 * MIB],
  ['one piece', 1000],
])('fetches a file of %s', async (_, bytes) => {
  const dir = await scratch();
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'f.bin'), bytes);
  const cid = await cidOf(file);
  const hub = start(['server', root, '--port', '0', '--json']);
  const { addresses } = await hub.until('listening');
  await hub.until('catalogue_completed');
  const data = ['--data', join(dir, 'data'), '--out', join(dir, 'out')];
  const peer = start([
    'peer',
    '--get',
    cid,
    '--join',
    addresses[0]!,
    '--linger',
    '0',
    '--json',
    ...data,
  ]);
  expect(await peer.exit).toBe(0);
  await sameBytes(file, join(dir, 'out', 'f.bin'));
  // Its one line says what the hub lacks.
  const told = peer.events.filter(({ event }) => event === 'peers_awaited');
  expect(told).toMatchObject([
    { addresses: [addresses[0]], reason: expect.stringContaining('--swarm') },
  ]);
});

it('waits for a hub that lies about a CID, and says so', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'f'), 'what is meant');
  const cid = await cidOf(join(dir, 'f'));
  const liar = createServer((_, response) => response.end('what is not'));
  await new Promise<void>((listening) => liar.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void liar.close());
  const url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
  const data = ['--data', join(dir, 'data'), '--out', join(dir, 'out')];
  const peer = start(['peer', '--get', cid, '--join', url, '--timeout', '3', '--json', ...data]);
  expect(await peer.exit).toBe(124);
  expect((await peer.until('transfer_failed')).code).toBe('ERR_TIMEOUT');
});

it('refuses a URL that is none', async () => {
  const { code, stderr } = await run(['peer', '--join', 'http://']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--join/);
});
