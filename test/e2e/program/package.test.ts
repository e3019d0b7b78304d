// What npm packs is whole: it runs where nothing else of this project is installed.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { randomFile, run, scratch, sha256, start } from '../binary.ts';
import { execute, installAlone, pack, ROOT, sizeOf } from './tarball.ts';

/** `dist/` of the tarball, and nothing beside it. */
async function unpackAlone(): Promise<{ dir: string; cli: string }> {
  const dir = await scratch();
  await execute('tar', ['-xzf', await pack(dir), '-C', dir]);
  await cp(join(dir, 'package/dist'), join(dir, 'alone/dist'), { recursive: true });
  return { dir, cli: join(dir, 'alone/dist/cli.js') };
}

test('the tarball installs without a registry, as one package', async () => {
  const dir = await scratch();
  const tarball = await pack(dir);
  const own = ['--prefix', join(dir, 'prefix'), '--cache', join(dir, 'cache')];
  await execute('npm', ['install', '-g', tarball, '--offline', '--no-audit', ...own]);
  const installed = join(dir, 'prefix/lib/node_modules');
  expect(await readdir(installed)).toEqual(['hubswarm']);
  expect(await readdir(join(installed, 'hubswarm'))).not.toContain('node_modules');
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const { stdout } = await execute(join(dir, 'prefix/bin/hubswarm'), ['--version']);
  expect(stdout).toBe(`${version}\n`);
}, 60_000);

/** Folders of the packages that npm would fetch beside this one, as they lie here. */
async function fetchedBeside(): Promise<string[]> {
  const list = ['ls', '--omit=dev', '--all', '--parseable'];
  const { stdout } = await execute('npm', list, { cwd: ROOT });
  return stdout.split('\n').filter((path) => path.includes('node_modules'));
}

test('installed into an empty folder it takes 30 MB at most', async () => {
  const alone = await installAlone(await scratch());
  const beside = await fetchedBeside();
  expect(beside.map((path) => basename(path))).toContain('classic-level');
  const places = [join(alone, 'node_modules'), ...beside];
  const sizes = await Promise.all(
    places.map(async (place) => [basename(place), await sizeOf(place)] as const),
  );
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(total, JSON.stringify(sizes)).toBeLessThan(30_000_000);
}, 60_000);

test('the notices name each package that the chunks hold, with a licence', async () => {
  const notices = await readFile(join(ROOT, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  const dist = join(ROOT, 'dist');
  const bundled = new Set<string>();
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.map')) continue;
    const { sources } = JSON.parse(await readFile(join(dist, name), 'utf8'));
    for (const source of sources as string[]) {
      const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
      if (found) bundled.add(found);
    }
  }
  expect(bundled.size).toBeGreaterThan(50);
  const named = [...notices.matchAll(/^(\S+) \d\S*\nLicence: (\S+)/gm)];
  expect([...bundled].filter((name) => !named.some(([, known]) => known === name))).toEqual([]);
  expect(named.filter(([, , licence]) => licence === 'undefined')).toEqual([]);
});

test('every command of dist/ alone has its help', async () => {
  const { cli } = await unpackAlone();
  const seen: string[] = [];
  const waiting: string[][] = [[]];
  for (let command = waiting.shift(); command; command = waiting.shift()) {
    const { code, stdout } = await run([...command, '--help'], cli);
    expect({ command, code }).toEqual({ command, code: 0 });
    seen.push(command.join(' '));
    const commands = stdout.split(/^Commands:$/m)[1] ?? '';
    for (const [, name] of commands.matchAll(/^ {2}([a-z-]+)/gm)) {
      if (name !== 'help') waiting.push([...command, name!]);
    }
  }
  expect(seen).toEqual(
    expect.arrayContaining(['server', 'client put', 'peer', 'compare diff', 'token check']),
  );
}, 60_000);

test('dist/ alone runs a hub without its store, says so in a line, and a client', async () => {
  const { dir, cli } = await unpackAlone();
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'file'), 3_000_000);
  const hub = start(['server', '--root', root, '--port', '0', '--json'], {}, [], cli);
  const [url] = (await hub.until('listening')).addresses;
  expect(hub.events.filter(({ event }) => event === 'warned')).toMatchObject([
    { message: 'hashes are not kept for the next start: classic-level is not installed here' },
  ]);
  const got = join(dir, 'got');
  expect(await run(['client', 'get', `${url}files/file`, '-o', got], cli)).toMatchObject({
    code: 0,
  });
  expect(await sha256(got)).toBe(await sha256(file));
}, 60_000);

test('dist/ alone runs peers, names a file and simulates', async () => {
  const { dir, cli } = await unpackAlone();
  const file = await randomFile(join(dir, 'file'), 3_000_000);
  const peer = ['peer', '--listen', '/ip4/127.0.0.1/tcp/0', '--json'];
  const seed = start([...peer, '--share', file, '--data', join(dir, 'seed')], {}, [], cli);
  const { cid } = await seed.until('file_shared');
  expect((await run(['cid', file], cli)).stdout).toBe(`${cid}\n`);
  const [address] = (await seed.until('listening')).addresses;
  const out = join(dir, 'out');
  const get = ['--get', cid, '--join', address!, '--out', out, '--linger', '0'];
  const fetched = await run([...peer, '--data', join(dir, 'leecher'), ...get], cli);
  expect(fetched.code).toBe(0);
  expect(await sha256(join(out, 'file'))).toBe(await sha256(file));
  const simulated = await run(['simulate', '--receivers', '4'], cli);
  expect(simulated).toMatchObject({ code: 0, stdout: expect.stringContaining('4 of 4') });
}, 60_000);

test('dist/ alone compares, draws the report again, and holds it against itself', async () => {
  const { dir, cli } = await unpackAlone();
  const out = join(dir, 'result');
  const little = ['--size', '128KiB', '--uplink', '1MiB/s', '--receivers', '1', '--kills', 'none'];
  await run(['compare', ...little, '--repetitions', '1', '--out', out], cli);
  await writeFile(join(out, 'report.html'), '');
  await run(['compare', 'report', out], cli);
  expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('<svg');
  expect((await run(['compare', 'diff', out, out], cli)).stdout).not.toBe('');
}, 60_000);
