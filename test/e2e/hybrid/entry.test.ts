// `share`, `get` and `ls` in private swarms, and through hubs, as users run them.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { inside, makeLan, namespaces } from '../namespaces.ts';
import { MIB, sameBytes, untilVerified } from '../swarm.ts';

const LAN = namespaces('ip link add switch0 type bridge');

/** The program for a user of its own, on that host. */
function as(dir: string, user: string, args: readonly string[], host?: string): Running {
  const kinds = ['DATA', 'CACHE', 'STATE', 'CONFIG'];
  const env = Object.fromEntries(kinds.map((kind) => [`XDG_${kind}_HOME`, join(dir, user, kind)]));
  return start(args, env, host === undefined ? [] : inside(host));
}

/** A sharer of a new file, for this machine alone, and how `get` reaches it. */
async function shared(dir: string, bytes: number, ...args: string[]) {
  const file = await randomFile(join(dir, 'report.bin'), bytes);
  const here = ['--json', '--listen', '/ip4/127.0.0.1/tcp/0', file];
  const sharer = as(dir, 'sharer', ['share', ...args, ...here]);
  const { cid } = await sharer.until('link_made');
  const { addresses } = await sharer.until('listening');
  return { sharer, file, cid, address: addresses[0]! };
}

async function keyIn(dir: string, name: string): Promise<string> {
  const key = join(dir, name);
  const made = await run(['swarm-key', key]);
  expect(made).toMatchObject({ code: 0, stdout: '' });
  expect(made.stderr).toMatch(/^hubswarm?.*\n$|^made a key .*copy it .*--swarm-key FILE there\n$/);
  return key;
}

async function cidOf(file: string): Promise<string> {
  return /\b(baf\w+)/.exec((await run(['cid', file])).stdout)![1]!;
}

/** A hub that has the file f.bin. */
async function hubOf(dir: string, bytes: number, args: readonly string[], host?: string) {
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'f.bin'), bytes);
  const hub = as(dir, 'hub', ['server', root, '--json', '--port', '0', ...args], host);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'server');
  await hub.until('catalogue_completed');
  return { hub, file, cid: await cidOf(file), url: addresses[0]! };
}

describe('--swarm-key', () => {
  it('lets who has the key fetch and list, and nobody else', async () => {
    const dir = await scratch();
    const key = await keyIn(dir, 'key');
    const { file, cid, address } = await shared(dir, MIB, '--swarm-key', key);
    const reach = ['--join', address, '--swarm-key', key];
    const out = join(dir, 'out');
    const getter = as(dir, 'b', ['get', cid, ...reach, '--out', out]);
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'report.bin'), file);
    const lister = as(dir, 'c', ['ls', cid, ...reach]);
    expect(await lister.exit).toBe(0);
    expect(lister.stdout).toContain('report.bin');
    const stranger = as(dir, 'd', ['get', cid, '--join', address, '--json', '--out', out]);
    const { reason } = await stranger.until('peers_awaited', ({ lack }) => lack === 'answer');
    expect(reason).toMatch(/--swarm-key|no answer in time/);
    expect(stranger.events.map(({ event }) => event)).not.toContain('peer_connected');
  });

  it.each(['share', 'get', 'ls'])(
    'of another format is refused by %s in one line',
    async (word) => {
      const dir = await scratch();
      const file = await randomFile(join(dir, 'f'), 95);
      const { code, stderr } = await run([
        word,
        word === 'share' ? file : await cidOf(file),
        '--swarm-key',
        file,
      ]);
      expect(code).toBe(2);
      expect(stderr).toContain('not the key of a swarm');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    },
  );
});

it('--allow keeps others out of a share, and of a get', async () => {
  const dir = await scratch();
  // Identities stay: this one is that of the getter.
  const friend = as(dir, 'friend', ['peer', '--json']);
  const { peerId } = await friend.until('listening');
  await friend.end();
  const { file, cid, address } = await shared(dir, MIB, '--allow', peerId!);
  const get = ['get', cid, '--join', address, '--json', '--out', join(dir, 'out')];
  const stranger = as(dir, 'stranger', get);
  const { reason } = await stranger.until('peers_awaited', ({ lack }) => lack === 'answer');
  expect(reason).toContain('--allow');
  await stranger.end();
  const wary = as(dir, 'friend', [...get, '--allow', peerId!]);
  expect(await wary.exit).toBe(2);
  expect(wary.stderr + wary.stdout).toContain('is not among the peers of --allow');
  const getter = as(dir, 'friend', [...get, '--allow', address]);
  expect(await getter.exit).toBe(0);
  await sameBytes(join(dir, 'out', 'report.bin'), file);
});

describe('a hub that is joined', () => {
  it('leads to the sharer, and to its own files by HTTP', { timeout: 180_000 }, async () => {
    const dir = await scratch();
    const { url, cid: onHub, file: hubs } = await hubOf(dir, 1000, ['--swarm']);
    const { file, cid } = await shared(dir, MIB, '--join', url);
    const out = join(dir, 'out');
    const getter = as(dir, 'b', ['get', cid, '--join', url, '--out', out]);
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'report.bin'), file);
    const other = as(dir, 'c', ['get', onHub, '--join', url, '--out', out]);
    expect(await other.exit).toBe(0);
    await sameBytes(join(out, 'f.bin'), hubs);
  });

  it('is refused where it is no URL', async () => {
    const { code, stderr } = await run(['share', '--text', 'x', '--join', 'http://']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^hubswarm: --join/);
  });
});

describe('on a LAN', needs(...LAN), () => {
  it('a link names the hub, which leads to a sharer that moved', { timeout: 90_000 }, async () => {
    const [at, here, there] = makeLan(3);
    const dir = await scratch();
    const { url } = await hubOf(dir, 1000, ['--swarm', '--host', '10.78.0.1'], at);
    const file = await randomFile(join(dir, 'report.bin'), MIB);
    const sharer = as(dir, 'a', ['share', '--json', file, '--join', url], here);
    const { link } = await sharer.until('link_made');
    expect(link).toContain(`&h=${url}`);
    await sharer.until('peer_connected');
    // What is left when no address of the sharer leads there any more.
    const [target] = link.split('?');
    const getter = as(
      dir,
      'b',
      ['get', '--json', `${target}?h=${url}`, '--out', `${dir}/out`],
      there,
    );
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
  });
});

describe('a CID with a URL', () => {
  it('comes from the server and the swarm, and goes on without the server', async () => {
    const dir = await scratch();
    const { hub, file, cid, url } = await hubOf(dir, 8 * MIB, ['--uplink', '256KiB/s']);
    const here = ['--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--uplink', '1MiB/s', file];
    const sharer = as(dir, 'sharer', ['share', ...here]);
    const { addresses } = await sharer.until('listening');
    await sharer.until('link_made');
    const things = [cid, `${url}files/f.bin`];
    const args = ['--json', '--join', addresses[0]!, '--out', join(dir, 'out')];
    const getter = as(dir, 'b', ['get', ...things, ...args]);
    await getter.until('piece_verified', ({ remote }) => remote.startsWith('http'));
    await getter.until('piece_verified', ({ remote }) => !remote.startsWith('http'));
    await untilVerified(getter, 2);
    await hub.end('SIGKILL');
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'f.bin'), file);
  });

  it('comes from the swarm where the server is down', async () => {
    const dir = await scratch();
    const { file, cid, address } = await shared(dir, MIB);
    const things = [cid, 'http://127.0.0.1:9/report.bin'];
    const args = ['--join', address, '--timeout', '30', '--out', join(dir, 'out')];
    const getter = as(dir, 'b', ['get', ...things, ...args]);
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'out', 'report.bin'))).toHaveLength(MIB);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
  });
});
