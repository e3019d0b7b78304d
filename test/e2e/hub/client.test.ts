// The built binary as a user runs it: hub and client as processes of their own.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Running, randomFile, run, scratch, sha256, start } from '../binary.ts';

const MIB = 2 ** 20;

async function hub(root: string, ...flags: string[]): Promise<{ running: Running; url: string }> {
  const running = start(['server', '--root', root, '--port', '0', '--json', ...flags]);
  const { addresses } = await running.until('listening');
  return { running, url: new URL('/files/', addresses[0]).href };
}

describe('client get', () => {
  it('survives kill -9 at ten moments and ends with the right bytes', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'got.bin');
    const source = await randomFile(join(root, 'a.bin'), 24 * MIB);
    const { url } = await hub(root);
    const get = ['client', 'get', `${url}a.bin`, '-o', out, '--json', '--downlink', '24MiB/s'];
    let before = 0;
    for (let kill = 1; kill <= 10; kill++) {
      const client = start(get);
      const { resumedBytes } = await client.until('transfer_started');
      expect(resumedBytes).toBeGreaterThanOrEqual(before);
      before = resumedBytes;
      // From right at the start to well inside; a kill may hit between write and event.
      const pieces = kill % 4;
      if (pieces > 0) {
        let seen = 0;
        await client.until('piece_verified', () => ++seen >= pieces);
      }
      await client.end('SIGKILL');
      expect(await readdir(join(out, '..'))).toEqual([
        expect.stringMatching(/^got\.bin\..{8}\.part$/),
      ]);
    }
    expect(before).toBeGreaterThan(0);
    const last = start(get);
    expect(await last.exit).toBe(0);
    expect(await sha256(out)).toBe(await sha256(source));
  });

  it('goes on with a mirror that only the killed hub had named', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'got.bin');
    const source = await randomFile(join(root, 'a.bin'), 16 * MIB);
    const second = await hub(root, '--uplink', '8MiB/s');
    const first = await hub(root, '--uplink', '8MiB/s', '--mirror', second.url);
    const client = start(['client', 'get', `${first.url}a.bin`, '-o', out, '--json']);
    await client.until('piece_verified', ({ remote }) => remote === `${first.url}a.bin`);
    await first.running.end('SIGKILL');
    expect(await client.exit).toBe(0);
    expect(await sha256(out)).toBe(await sha256(source));
    const { remote } = await client.until('source_failed');
    expect(remote).toBe(`${first.url}a.bin`);
  });

  it('goes on with a mirror when the other is killed mid-download', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'got.bin');
    const source = await randomFile(join(root, 'a.bin'), 16 * MIB);
    const first = await hub(root, '--uplink', '8MiB/s');
    const second = await hub(root, '--uplink', '8MiB/s');
    const urls = [`${first.url}a.bin`, `${second.url}a.bin`];
    const client = start(['client', 'get', ...urls, '-o', out, '--json']);
    await client.until('piece_verified', ({ remote }) => remote === urls[0]);
    await first.running.end('SIGKILL');
    expect(await client.exit).toBe(0);
    const { remote } = await client.until('source_failed');
    expect(remote).toBe(urls[0]);
    const froms = client.events.flatMap((each) =>
      each.event === 'piece_verified' ? [each.remote] : [],
    );
    expect(new Set(froms)).toEqual(new Set(urls));
    expect(await sha256(out)).toBe(await sha256(source));
  });

  it('is held until a line comes', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'got.bin');
    await randomFile(join(root, 'a.bin'), MIB);
    const { running, url } = await hub(root);
    const client = start(['client', 'get', `${url}a.bin`, '-o', out, '--json', '--hold']);
    await client.until('held');
    expect(running.events.some(({ event }) => event === 'request_completed')).toBe(false);
    client.child.stdin!.write('go\n');
    expect(await client.exit).toBe(0);
    expect(client.events.map(({ event }) => event)).toContain('transfer_completed');
  });

  it('pipes the file with -o -, and keeps what it says apart', async () => {
    const root = await scratch();
    await writeFile(join(root, 'a.txt'), 'hello world\n');
    const { url } = await hub(root);
    const got = await run(['client', 'get', `${url}a.txt`, '-o', '-']);
    expect(got).toMatchObject({ code: 0, stdout: 'hello world\n' });
    expect(got.stderr).toContain('done');
  });

  it('ends with one line when the reader of -o - leaves', async () => {
    const root = await scratch();
    await randomFile(join(root, 'a.bin'), 8 * MIB);
    const { url } = await hub(root);
    const client = start(['client', 'get', `${url}a.bin`, '-o', '-', '--quiet']);
    client.child.stdout!.destroy();
    expect(await client.exit).not.toBe(0);
    expect(client.stderr).toBe('hubswarm: standard output: closed by its reader\n');
  });

  it('asks about a file that it fetched before, and moves nothing', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'got.bin');
    await randomFile(join(root, 'a.bin'), MIB);
    const { url } = await hub(root);
    const get = ['client', 'get', `${url}a.bin`, '-o', out];
    expect(await run(get)).toMatchObject({ code: 0, stderr: expect.stringContaining('done') });
    const again = await run(get);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toBe(`unchanged: ${out} (1 MiB)\n`);
  });

  it('mirrors a directory with -r', async () => {
    const root = await scratch();
    const out = join(await scratch(), 'mirror');
    await randomFile(join(root, 'a.bin'), MIB);
    await writeFile(join(root, 'b.txt'), 'hello');
    const { url } = await hub(root);
    const got = await run(['client', 'get', '-r', url, out]);
    expect(got.code).toBe(0);
    expect(got.stderr).toContain(': 2 fetched, 0 unchanged, 0 removed');
    expect(await sha256(join(out, 'a.bin'))).toBe(await sha256(join(root, 'a.bin')));
    await rm(join(root, 'b.txt'));
    const again = await run(['client', 'get', '-r', '--delete', url, out]);
    expect(again.stderr).toContain(': 0 fetched, 1 unchanged, 1 removed');
    expect((await readdir(out)).sort()).toEqual(['.hubswarm-mirror.json', 'a.bin']);
  });

  it('documents its exit codes', async () => {
    for (const args of [['client'], ['client', 'get']]) {
      const { stdout } = await run([...args, '--help']);
      expect(stdout).toMatch(/Exit codes:\n {2}0 {4}done/);
    }
  });

  it('sends the token of its environment, and never shows one', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const client = start(['client', 'get', `http://127.0.0.1:${port}/x`], {
      HUBSWARM_TOKEN: 'abc.def',
    });
    expect(await client.exit).toBe(1);
    // HEAD, and GET in its place: a server may refuse HEAD alone.
    expect(seen).toEqual(['Bearer abc.def', 'Bearer abc.def']);
    expect(client.stderr).toContain('401 Unauthorized: the token is not taken there');
    const bad = await run(['client', 'get', 'http://127.0.0.1:1/x', '--token', 'se cret']);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).not.toContain('cret');
  });

  it.each([
    [['http://127.0.0.1:1/x', '--connections-per-host', '0'], '--connections-per-host'],
    [['http://127.0.0.1:1/x', '--fingerprint', 'ab'], "--fingerprint: 'ab' is no SHA-256"],
    [['http://127.0.0.1:1/x', '--fingerprint', '00'.repeat(32)], 'no https:// URL was given'],
    [['https://127.0.0.1:1/x', '--cacert', '/nonexistent'], 'no such file'],
    [['http://127.0.0.1:1/x', '--delete'], '--delete: only goes with -r'],
    [['-r', 'http://127.0.0.1:1/x'], '-r: give one URL and one directory'],
    [['ftp://127.0.0.1/x'], "URL: 'ftp://127.0.0.1/x' has the scheme 'ftp:'"],
    [['not-a-url'], "URL: 'not-a-url' is not a URL"],
    [['http://127.0.0.1:1/x', '--cid', 'zzz'], "--cid: 'zzz' is not a CID"],
    [['http://127.0.0.1:1/x', '--downlink', 'fast'], "--downlink: 'fast' is not a rate"],
    [['http://127.0.0.1:1/x', '--timeout', '0'], "--timeout: '0' is not accepted"],
    [['http://127.0.0.1:1/x', '-o', '-', '--json'], "--json: cannot be given with '-o -'"],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await run(['client', 'get', ...args]);
    expect(code).toBe(message === 'no such file' ? 1 : 2);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(stdout).toBe('');
  });

  it('says in one line that nothing is there', async () => {
    const { url } = await hub(await scratch());
    const { code, stderr } = await run(['client', 'get', `${url}none`]);
    expect(code).toBe(1);
    expect(stderr.trim()).toBe(`hubswarm: ${url}none: 404 Not Found`);
  });
});

describe('client put and ls', () => {
  it('sends a file, verifies what was stored, and lists it', async () => {
    const root = await scratch();
    const source = await randomFile(join(await scratch(), 'a b.bin'), 3 * MIB + 1);
    const { url } = await hub(root, '--writable');
    const put = await run(['client', 'put', source, url]);
    expect(put).toMatchObject({ code: 0 });
    expect(put.stdout).toMatch(/\/files\/a%20b\.bin\n"baf/);
    expect(put.stderr).not.toContain('warning');
    expect((await readFile(join(root, 'a b.bin'))).equals(await readFile(source))).toBe(true);
    const list = await run(['client', 'ls', url]);
    expect(list.stdout).toMatch(/a b\.bin\s+3 MiB/);
    const json = await run(['client', 'ls', url, '--json']);
    expect(JSON.parse(json.stdout).entries[0]).toMatchObject({
      name: 'a b.bin',
      size: 3 * MIB + 1,
    });
  });

  it('says how uploads are allowed when they are not', async () => {
    const root = await scratch();
    const source = await randomFile(join(await scratch(), 'a.bin'), 30 * MIB);
    const { url } = await hub(root);
    const { code, stderr } = await run(['client', 'put', source, url]);
    expect(code).toBe(1);
    expect(stderr).toContain('403 Forbidden');
    expect(stderr).toContain('--writable');
    expect(await readdir(root)).toEqual([]);
  });

  it('refuses to send what is no file', async () => {
    const { url } = await hub(await scratch(), '--writable');
    expect((await run(['client', 'put', await scratch(), url])).code).toBe(2);
    const none = await run(['client', 'put', join(await scratch(), 'none'), url]);
    expect(none.stderr).toContain('none: no such file or directory');
  });

  it('says that a server is no hub', async () => {
    const root = await scratch();
    await writeFile(join(root, 'a.txt'), 'hello');
    const { url } = await hub(root);
    const { code, stderr } = await run(['client', 'ls', `${url}a.txt`]);
    expect(code).toBe(1);
    expect(stderr).toContain('not the listing of a hub');
  });
});
