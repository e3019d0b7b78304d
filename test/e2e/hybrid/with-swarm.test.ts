// `client get --swarm` as a user runs it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';

const BYTES = 8 * MIB;

interface Stage {
  readonly dir: string;
  readonly file: string;
  /** Of processes that are of one user. */
  readonly env: NodeJS.ProcessEnv;
  /** The hub's /files/. */
  readonly files: string;
  readonly hub: Running;
}

async function stage(...hubArgs: string[]): Promise<Stage> {
  const dir = await scratch();
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'f.bin'), BYTES);
  const env = Object.fromEntries(
    ['DATA', 'CACHE', 'STATE', 'CONFIG'].map((kind) => [`XDG_${kind}_HOME`, join(dir, kind)]),
  );
  const hub = start(['server', root, '--port', '0', '--json', ...hubArgs], env);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'server');
  await hub.until('catalogue_completed');
  return { dir, file, env, hub, files: `${addresses[0]}files/` };
}

function get({ dir, env, files }: Stage, name: string, ...args: string[]): Running {
  const out = join(dir, name);
  return start(['client', 'get', `${files}f.bin`, '-o', out, '--json', ...args], env);
}

/** What the hub has sent, in copies of the file. */
const copies = ({ hub }: Stage): number =>
  hub.events.reduce((n, event) => (event.event === 'link_counted' ? event.sentBytes : n), 0) /
  BYTES;

describe('client get --swarm', () => {
  it('is completed by a peer when the hub is killed', async () => {
    const on = await stage('--uplink', '256KiB/s');
    const seed = start(['peer', '--share', on.file, '--json'], on.env);
    await seed.until('file_shared');
    const client = get(on, 'got.bin', '--swarm', '--timeout', '60');
    await client.until('piece_verified');
    await on.hub.end('SIGKILL');
    expect(await client.exit).toBe(0);
    await sameBytes(on.file, join(on.dir, 'got.bin'));
    const { bytes } = await client.until('transfer_completed');
    expect(bytes).toBe(BYTES);
  });

  it('ends as a plain one does when there is nobody', async () => {
    const on = await stage('--uplink', '256KiB/s');
    const client = get(on, 'got.bin', '--swarm', '--timeout', '2');
    await client.until('piece_verified');
    await on.hub.end('SIGKILL');
    expect(await client.exit).toBe(1);
    expect((await client.until('transfer_failed')).code).toBe('ERR_NO_SOURCE');
  });

  it.each([
    ['of a hub in a swarm', ['--swarm']],
    ['of a hub that is in none', []],
  ])('four at once take less than half of four copies, %s', async (_, hubArgs) => {
    const on = await stage('--uplink', '2MiB/s', ...hubArgs);
    const clients = [1, 2, 3, 4].map((i) =>
      get(on, `got-${i}.bin`, '--swarm', '--uplink', '2MiB/s'),
    );
    for (const client of clients) expect(await client.exit).toBe(0);
    for (const i of [1, 2, 3, 4]) await sameBytes(on.file, join(on.dir, `got-${i}.bin`));
    await on.hub.end();
    expect(copies(on)).toBeLessThan(2);
  });

  it.each([
    [['--swarm'], []],
    [[], ['--swarm']],
  ])('goes on where another was stopped: %j, then %j', async (first, then) => {
    const on = await stage('--uplink', '1MiB/s');
    const stopped = get(on, 'got.bin', ...first);
    await stopped.until('transfer_progressed', ({ bytes }) => bytes > MIB);
    await stopped.end();
    const client = get(on, 'got.bin', ...then);
    expect((await client.until('transfer_started')).resumedBytes).toBeGreaterThanOrEqual(MIB / 2);
    expect(await client.exit).toBe(0);
    await sameBytes(on.file, join(on.dir, 'got.bin'));
  });

  it.each([
    [['-r', 'http://127.0.0.1:1/files/', 'd']],
    [['http://127.0.0.1:1/files/f', '-o', '-']],
  ])('is refused with %j', async (args) => {
    const { code, stderr } = await run(['client', 'get', '--swarm', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--swarm: /);
  });
});
