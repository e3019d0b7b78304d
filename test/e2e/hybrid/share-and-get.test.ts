// `hubswarm share` here, `hubswarm get LINK` there, and nothing else typed: as real processes, on hosts
// of a LAN and on this machine alone.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { inside, ip, makeHosts, makeLan, namespaces } from '../namespaces.ts';
import { MIB, sameBytes, untilVerified } from '../swarm.ts';

const LAN = namespaces('ip link add switch0 type bridge');

/** The program for another user: what it keeps lies apart. */
function as(user: string, host: string | undefined, ...args: string[]): Running {
  const env = {
    ...Object.fromEntries(
      ['DATA', 'CACHE', 'STATE', 'CONFIG'].map((kind) => [`XDG_${kind}_HOME`, join(user, kind)]),
    ),
    // A kill leaves temporary files.
    TMPDIR: dirname(user),
  };
  return start(args, env, host === undefined ? [] : inside(host));
}

const linkOf = async (sharer: Running): Promise<string> => (await sharer.until('link_made')).link;

describe('on a LAN', needs(...LAN), () => {
  it('a link is all that is needed', { timeout: 60_000 }, async () => {
    const [here, there] = makeLan(2);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 3 * MIB);
    const sharer = as(join(dir, 'a'), here, 'share', '--json', file);
    const link = await linkOf(sharer);
    expect(link).toMatch(
      /^hubswarm:baf\w+\?a=\/ip4\/10\.78\.0\.1\/tcp\/\d+&p=\w+&n=report\.bin&s=3145728$/,
    );
    expect(await sharer.until('callers_decided')).toMatchObject({
      because: 'share',
      hosts: ['10.78.0.1'],
    });
    const out = join(dir, 'out');
    const getter = as(join(dir, 'b'), there, 'get', '--json', link, '--out', out);
    expect(await getter.until('callers_decided')).toMatchObject({ because: 'link' });
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'report.bin'), file);
    // A shell that got the link without quotes cuts it there.
    const again = join(dir, 'again');
    const cut = as(join(dir, 'c'), there, 'get', link.split('&')[0]!, '--out', again);
    expect(await cut.exit).toBe(0);
    await sameBytes(join(again, 'report.bin'), file);
    expect(await sharer.end()).toBe(0);
  });

  it('a download goes on after a kill, with the same link', { timeout: 60_000 }, async () => {
    const [here, there] = makeLan(2);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 4 * MIB);
    const sharer = as(join(dir, 'a'), here, 'share', '--json', '--uplink', '8Mbit/s', file);
    const get = ['get', '--json', await linkOf(sharer), '--out', join(dir, 'out')];
    const first = as(join(dir, 'b'), there, ...get);
    await untilVerified(first, 8);
    await first.end('SIGKILL');
    const second = as(join(dir, 'b'), there, ...get);
    const { resumedBytes } = await second.until('transfer_started');
    expect(resumedBytes).toBeGreaterThanOrEqual(8 * 64 * 1024);
    expect(await second.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
  });

  it('a CID is enough where multicast has a route', { timeout: 60_000 }, async () => {
    const hosts = makeLan(2);
    for (const host of hosts) ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), MIB);
    const sharer = as(join(dir, 'a'), hosts[0], 'share', '--json', file);
    const { cid } = await sharer.until('link_made');
    const getter = as(join(dir, 'b'), hosts[1], 'get', '--json', cid, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
  });

  it('a new address makes a new link', { timeout: 60_000 }, async () => {
    const [here] = makeLan(1) as [string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 1000);
    const sharer = as(join(dir, 'a'), here, 'share', '--json', file);
    await sharer.until('link_made', ({ link }) => link.includes('/ip4/10.78.0.1/'));
    ip(`-n ${here} addr del 10.78.0.1/24 dev lan0`);
    ip(`-n ${here} addr add 10.78.0.9/24 dev lan0`);
    await sharer.until('link_made', ({ link }) => link.includes('/ip4/10.78.0.9/'));
  });

  it('without a network the one line says so', { timeout: 60_000 }, async () => {
    const [host] = makeHosts('alone') as [string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 1000);
    const sharer = as(join(dir, 'a'), host, 'share', file);
    await vi.waitUntil(() => sharer.stdout.includes('hubswarm:'), { timeout: 30_000 });
    expect(sharer.stderr).toContain('only this machine can fetch it: this machine has no network');
    // The user's own peer on the same machine finds it: the address in the link is not called.
    const getter = as(join(dir, 'a'), host, 'get', sharer.stdout.trim(), '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    expect(getter.stderr).toContain('which is not called: a link comes from anybody');
    await sameBytes(join(dir, 'out', 'report.bin'), file);
  });
});

/** Shares for this machine alone. */
function sharedHere(dir: string, ...args: string[]): Running {
  const listen = ['--listen', '/ip4/127.0.0.1/tcp/0'];
  return as(join(dir, 'a'), undefined, 'share', '--json', ...listen, ...args);
}

/** Fetches as another user of this machine. */
async function getHere(dir: string, sharer: Running, ...args: string[]): Promise<Running> {
  const { addresses } = await sharer.until('listening');
  return as(join(dir, 'b'), undefined, 'get', ...args, '--join', addresses[0]!);
}

describe('on one machine', () => {
  it('what comes from standard input has the name that is given', async () => {
    const dir = await scratch();
    const sharer = sharedHere(dir, '-', '--name', 'notes.txt');
    sharer.child.stdin!.end('to be shared\n');
    const getter = await getHere(dir, sharer, await linkOf(sharer), '--out', dir);
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'notes.txt'), 'utf8')).toBe('to be shared\n');
  });

  it('a text is a small file', async () => {
    const dir = await scratch();
    const sharer = sharedHere(dir, '--text', 'https://example.org/é');
    const getter = await getHere(dir, sharer, await linkOf(sharer), '--out', dir);
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'text.txt'), 'utf8')).toBe('https://example.org/é');
  });

  it('the end of the terminal ends it as SIGTERM does, and leaves no copy', async () => {
    const dir = await scratch();
    const sharer = sharedHere(dir, '--text', 'a secret');
    await linkOf(sharer);
    const copies = async () => (await readdir(dir)).filter((name) => name.startsWith('hubswarm-'));
    expect(await copies()).toHaveLength(1);
    expect(await sharer.end('SIGHUP')).toBe(0);
    expect(await copies()).toEqual([]);
  });

  it('a signal stops it while standard input is read, and says so', async () => {
    const dir = await scratch();
    const sharer = sharedHere(dir, '-');
    sharer.child.stdin!.write('the beginning');
    // The copy is made once the signal is heard.
    await vi.waitUntil(async () =>
      (await readdir(dir)).some((name) => name.startsWith('hubswarm-')),
    );
    expect(await sharer.end('SIGINT')).toBe(130);
    expect(sharer.stderr).toBe('hubswarm: stopped by SIGINT\n');
  });

  it.each([
    ['../y', 'is not safe to write'],
    ['.y', 'would be hidden'],
    ['a\nb', 'has characters that are not seen'],
    ['a\u202eb', 'has characters that are not seen'],
  ])('the name %j is refused', async (name, reason) => {
    const { code, stderr } = await run(['share', '--text', 'x', '--name', name]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${reason}; give a plain name`);
    expect(stderr.trim()).not.toMatch(/[\n\u202e]/);
  });

  it.each([[['--out', '-', '--select', '*.pdf']], [['--select', '[']], [['--select', '../x']]])(
    'a get with %j is refused before anything is asked',
    async (args) => {
      const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
      const { code, stderr } = await run(['get', cid, ...args]);
      expect(code).toBe(2);
      expect(stderr).toContain('--select: ');
    },
  );

  it('what is given twice has one link', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 1000);
    const other = await randomFile(join(dir, 'other.bin'), 1000);
    const sharer = sharedHere(dir, file, file, other);
    await sharer.until('link_made', ({ name }) => name === 'other.bin');
    const made = sharer.events.filter((each) => each.event === 'link_made');
    expect(made.map(({ name }) => name)).toEqual(['report.bin', 'other.bin']);
  });

  it('each path has a link of its own, directories too', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'tree/in'), { recursive: true });
    await writeFile(join(dir, 'tree/in/a.txt'), 'a');
    await writeFile(join(dir, 'tree/b.txt'), 'b');
    const file = await randomFile(join(dir, 'report.bin'), 1000);
    const sharer = sharedHere(dir, join(dir, 'tree'), file);
    const { link } = await sharer.until('link_made', ({ name }) => name === 'tree');
    await sharer.until('link_made', ({ name }) => name === 'report.bin');
    const getter = await getHere(dir, sharer, link, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'out/tree/in/a.txt'), 'utf8')).toBe('a');
    expect(await readFile(join(dir, 'out/tree/b.txt'), 'utf8')).toBe('b');
  });

  it('a CID with a path fetches that part', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'tree/in'), { recursive: true });
    await writeFile(join(dir, 'tree/in/a.txt'), 'a');
    const sharer = sharedHere(dir, join(dir, 'tree'));
    const { cid } = await sharer.until('link_made');
    const getter = await getHere(dir, sharer, `${cid}/in/a.txt`, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'out/a.txt'), 'utf8')).toBe('a');
  });
});

describe('parts of what is shared', () => {
  async function sharedTree(dir: string): Promise<Running> {
    await mkdir(join(dir, 'tree/docs/in'), { recursive: true });
    await randomFile(join(dir, 'tree/docs/in/c.pdf'), MIB);
    await writeFile(join(dir, 'tree/docs/b.txt'), 'b');
    await writeFile(join(dir, 'tree/a.pdf'), 'a');
    return sharedHere(dir, join(dir, 'tree'));
  }

  it('a selection comes with the places that it has in the whole', async () => {
    const dir = await scratch();
    const sharer = await sharedTree(dir);
    const select = [await linkOf(sharer), '--select', '*.pdf', '--json'];
    const getter = await getHere(dir, sharer, ...select, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    const found = await readdir(join(dir, 'out'), { recursive: true });
    expect(found.sort()).toEqual(
      ['tree', 'tree/a.pdf', 'tree/docs', 'tree/docs/in', 'tree/docs/in/c.pdf'].sort(),
    );
    await sameBytes(join(dir, 'out/tree/docs/in/c.pdf'), join(dir, 'tree/docs/in/c.pdf'));
  });

  it('a selection of nothing is told', async () => {
    const dir = await scratch();
    const sharer = await sharedTree(dir);
    const getter = await getHere(dir, sharer, await linkOf(sharer), '--select', '*.iso');
    expect(await getter.exit).toBe(1);
    expect(getter.stderr).toContain('no file matches --select; it holds a.pdf, docs/b.txt');
  });

  it('a listing moves no content', async () => {
    const dir = await scratch();
    const sharer = await sharedTree(dir);
    const { cid } = await sharer.until('link_made');
    const { addresses } = await sharer.until('listening');
    const through = ['--join', addresses[0]!, '--json'];
    const lister = as(join(dir, 'b'), undefined, 'ls', `${cid}/docs`, ...through);
    expect(await lister.exit).toBe(0);
    expect(JSON.parse(lister.stdout)).toEqual({
      path: 'docs/',
      entries: [
        { name: 'in', type: 'directory', url: 'in/', size: MIB },
        { name: 'b.txt', type: 'file', url: 'b.txt', size: 1 },
      ],
    });
    await sharer.end();
    const sent = sharer.events.findLast((event) => event.event === 'link_counted');
    expect(sent?.sentBytes ?? 0).toBeLessThan(10_000);
  });

  it('a listing that nobody gives ends in time', async () => {
    const dir = await scratch();
    const cid = 'bafybeifluaxqm2mxtjgownkgurj5rre7wvrldqftz2b3otdgukd3zm6lhy';
    const lister = as(join(dir, 'b'), undefined, 'ls', cid, '--timeout', '1');
    expect(await lister.exit).toBe(124);
    expect(lister.stderr).toContain('nobody found within 1 s who knows bafybei');
  });

  it('a file goes to standard output in order, while it comes', { timeout: 60_000 }, async () => {
    const dir = await scratch();
    const file = join(dir, 'text');
    const line = (at: number): string => `${String(at).padStart(63, '0')}\n`;
    await writeFile(file, Array.from({ length: 32 * 1024 }, (_, at) => line(at)).join(''));
    const sharer = sharedHere(dir, '--uplink', '8Mbit/s', file);
    const getter = await getHere(dir, sharer, await linkOf(sharer), '--out', '-');
    await vi.waitUntil(() => getter.stdout.length > 256 * 1024, { timeout: 30_000 });
    expect(getter.stderr).not.toContain('done:');
    expect(await getter.exit).toBe(0);
    expect(getter.stdout).toBe(await readFile(file, 'utf8'));
    expect(getter.stderr).toContain('done: -');
  });

  it('a directory does not go to standard output', async () => {
    const dir = await scratch();
    const sharer = await sharedTree(dir);
    const getter = await getHere(dir, sharer, await linkOf(sharer), '--out', '-');
    expect(await getter.exit).toBe(2);
    expect(getter.stderr).toContain("--out: '-' takes one file");
  });

  it('what lies here is held against the link, and stays as it is', async () => {
    const dir = await scratch();
    const sharer = await sharedTree(dir);
    const get = [await linkOf(sharer), '--out', join(dir, 'out')];
    expect(await (await getHere(dir, sharer, ...get)).exit).toBe(0);
    const same = await getHere(dir, sharer, ...get, '--check');
    expect(await same.exit).toBe(0);
    expect(same.stderr).toContain('already there, verified');
    const file = join(dir, 'out/tree/docs/in/c.pdf');
    const changed = await readFile(file);
    changed[70_000]! ^= 1;
    await writeFile(file, changed);
    await rm(join(dir, 'out/tree/a.pdf'));
    const other = await getHere(dir, sharer, ...get, '--check');
    expect(await other.exit).toBe(1);
    expect(other.stderr).toMatch(/tree\/a\.pdf: is missing/);
    expect(other.stderr).toMatch(/c\.pdf: differs in 1 of \d+ pieces/);
    expect(other.stderr).toContain('2 of 3 files are not as');
    expect(await readFile(file)).toEqual(changed);
  });

  it('what differs alone moves into a copy that is there', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 4 * MIB);
    const sharer = sharedHere(dir, file);
    await mkdir(join(dir, 'out'));
    const old = await readFile(file);
    old.fill(0, 2 * MIB, 2 * MIB + 100);
    await writeFile(join(dir, 'out/report.bin'), old);
    const get = [await linkOf(sharer), '--force', '--json', '--out', join(dir, 'out')];
    const getter = await getHere(dir, sharer, ...get);
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out/report.bin'), file);
    const came = getter.events.findLast((event) => event.event === 'link_counted');
    expect(came?.receivedBytes).toBeLessThan(192 * 1024);
  });
});

describe('by HTTP', () => {
  async function hub(dir: string): Promise<string> {
    await mkdir(join(dir, 'root/sub'), { recursive: true });
    await randomFile(join(dir, 'root/report.bin'), MIB);
    await writeFile(join(dir, 'root/sub/a.txt'), 'a');
    const server = start(['server', '--json', '--port', '0', '--root', join(dir, 'root')]);
    return (await server.until('listening')).addresses[0]!;
  }

  it('a file comes from its hub', async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/report.bin`;
    const getter = as(join(dir, 'b'), undefined, 'get', url, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out/report.bin'), join(dir, 'root/report.bin'));
  });

  it('a file goes to standard output', async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/sub/a.txt`;
    const getter = as(join(dir, 'b'), undefined, 'get', url, '--out', '-');
    expect(await getter.exit).toBe(0);
    expect(getter.stdout).toBe('a\n');
  });

  it('a directory comes with its name', async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/sub/`;
    const getter = as(join(dir, 'b'), undefined, 'get', url, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    expect(await readFile(join(dir, 'out/sub/a.txt'), 'utf8')).toBe('a');
  });

  it('a selection of a directory comes, and nothing else', async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/`;
    const out = join(dir, 'out');
    const select = ['--select', 'a.txt', '--out', out];
    const getter = as(join(dir, 'b'), undefined, 'get', url, ...select);
    expect(await getter.exit).toBe(0);
    expect(await readdir(join(out, '127.0.0.1'))).not.toContain('report.bin');
    expect(await readFile(join(out, '127.0.0.1/sub/a.txt'), 'utf8')).toBe('a');
    const lister = as(join(dir, 'b'), undefined, 'ls', url);
    expect(await lister.exit).toBe(0);
    expect(lister.stdout).toMatch(/sub\/.*report\.bin/s);
  });

  it('a mirror beside a CID is held to it', async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/report.bin`;
    const cid = start(['cid', join(dir, 'root/report.bin')]);
    await cid.exit;
    const out = join(dir, 'out');
    const getter = as(join(dir, 'b'), undefined, 'get', cid.stdout.trim(), url, '--out', out);
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'report.bin'), join(dir, 'root/report.bin'));
  });

  it('the swarm helps where the mirror has another file', { timeout: 60_000 }, async () => {
    const dir = await scratch();
    const url = `${await hub(dir)}files/report.bin`;
    await mkdir(join(dir, 'new'));
    const file = await randomFile(join(dir, 'new/report.bin'), MIB);
    const sharer = sharedHere(dir, file);
    const things = [await linkOf(sharer), url, '--timeout', '5'];
    const getter = await getHere(dir, sharer, ...things, '--out', join(dir, 'out'));
    expect(await getter.exit).toBe(0);
    await sameBytes(join(dir, 'out/report.bin'), file);
  });
});
