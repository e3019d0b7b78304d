// Failures that a person can meet: the last line says what was given and what is wrong with it, and
// the exit code tells scripts apart what they can do about it. No failure shows a stack.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LINUX, MOUNTS, needs } from '../../support/needs.ts';
import { randomFile, run, scratch, sha256, start } from '../binary.ts';

const LONG = 'x'.repeat(300);
const NAME_MAX = 'n'.repeat(255);
const CID = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
/** Nobody listens there. */
const CLOSED = 'http://127.0.0.1:1/files/f';
/** No resolver asks anybody for a name with an empty part. */
const NAMELESS = 'http://no..host/files/f';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'hubswarm-failures-'));
  writeFileSync(join(dir, 'f'), 'bytes\n');
  mkdirSync(join(dir, 'd'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
});
afterAll(() => rmSync(dir, { recursive: true }));

const fill = (text: string): string => text.replaceAll('DIR', dir);

/** Runs it; a stack or a name of Node.js has no place in what it says. */
async function told(args: readonly string[]): Promise<{ last: string | undefined; code: unknown }> {
  const { code, stderr } = await run(args.map(fill));
  expect(stderr).not.toMatch(/^ +at |node:|E[A-Z]{4,}: /m);
  return { last: stderr.trim().split('\n').at(-1), code };
}

describe('a failure without a network', () => {
  it.each<[string[], string, number]>([
    [['cid', 'DIR/no'], 'DIR/no: no such file or directory', 1],
    [['cid', 'DIR/f/x'], 'DIR/f/x: not a directory', 1],
    [['cid', `DIR/${LONG}`], `${LONG}: name too long`, 1],
    [['cid', 'DIR/pipe'], 'DIR/pipe: is a special file', 2],
    [['cid', ''], "'' is not accepted; give <path>", 2],
    [['cid'], "missing required argument 'path'", 2],
    [['cid', 'DIR/f', '--chunk-size'], "'--chunk-size <size>' argument missing", 2],
    [['token', '--key', 'DIR/f'], 'DIR/f: too short for a secret; give', 2],
    [['token', '--key', 'DIR/f/x'], 'DIR/f/x: not a directory', 1],
    [['token', '--key', `DIR/${LONG}`], ': name too long', 1],
    [['token', 'check', 'x', '--key', 'DIR/no'], "'hubswarm token --key FILE' makes a new one", 1],
    [['peer', ''], "'' is not accepted; give <paths-or-cid>", 2],
    [['peer', CID.slice(0, 40)], `--get: '${CID.slice(0, 40)}' is not a CID`, 2],
    [['peer', 'DIR/no'], '--share: DIR/no: no such file', 1],
    [['peer', 'DIR/pipe', '--data', 'DIR/p'], 'DIR/pipe: is a special file', 2],
    [['peer', 'DIR/f', '--data', 'DIR/f'], '--data: DIR/f is a file; give a directory', 2],
    [['peer', 'DIR/f', '--data', `DIR/${LONG}`], 'name too long; --data names another', 1],
    [['peer', CID, '--out', 'DIR/f'], '--out: DIR/f is a file; give a directory', 2],
    [['peer', CID, '--data', 'DIR/p', '--out', `DIR/${LONG}`], `${LONG}: name too long`, 1],
    [['peer', 'DIR/f', '--listen', '/ip4/192.0.2.9/tcp/0'], 'not an address of this machine', 1],
    [['get', CID, '--timeout', '-1'], "'-1' is not accepted; give seconds over 0", 2],
    [['compare', '--offloads', 'on'], '--offloads does nothing without --link netns', 2],
    [['server', 'DIR/no', '--port', '0'], '--root: DIR/no: no such file', 1],
    [['server', 'DIR/f', '--port', '0'], 'DIR/f is a file; give a directory', 2],
    [['server', 'DIR/d', '--host', '192.0.2.9'], 'is not an address of this machine', 1],
    [
      ['server', 'DIR/d', '--port', '0', '--access-log', 'DIR/d'],
      '--access-log: DIR/d is a directory; give a file',
      2,
    ],
    [
      ['server', 'DIR/d', '--port', '0', '--access-log', 'DIR/no/l'],
      '--access-log: DIR/no/l: no',
      1,
    ],
    [
      ['server', 'DIR/d', '--port', '0', '--access-log', 'DIR/pipe'],
      '--access-log: DIR/pipe: no',
      1,
    ],
    [
      ['server', 'DIR/d', '--port', '0', '--tls-cert', 'DIR/d', '--tls-key', 'DIR/d'],
      '--tls-cert: DIR/d is a directory; give a file',
      2,
    ],
    [['client', 'put', `DIR/${LONG}`, CLOSED], `${LONG}: name too long`, 1],
    [['client', 'put', 'DIR/d', CLOSED], 'DIR/d: is a directory; -r sends it', 2],
    [['client', 'put', '', CLOSED], "'' is not accepted; give <file>", 2],
    [['client', 'get', CLOSED, '--timeout', '0.2'], 'refused; gave up after 0.2 s', 1],
    [['client', 'ls', CLOSED], 'connection refused', 1],
    [['compare', '--scenario', 'no'], "--scenario: 'no' is not known; give", 2],
    [['simulate', '--receivers', '0'], "--receivers: '0' is not accepted; give", 2],
  ])('%j', async (args, line, code) => {
    const found = await told(args);
    expect(found).toEqual({ last: expect.stringContaining(fill(line)), code });
  });
});

it.each([
  ['client', 'get', NAMELESS],
  ['client', 'get', '-r', NAMELESS, 'DIR/n'],
  ['get', NAMELESS, '--out', 'DIR/n/m'],
])('a name that nobody has is asked for once: %s %s', async (...args) => {
  const { code, stderr } = await run(args.map(fill));
  expect({ code, stderr }).toEqual({ code: 1, stderr: `hubswarm: ${NAMELESS}: host not found\n` });
  expect(readdirSync(dir)).not.toContain('n');
});

it('makes directories only for a file of which something comes', async () => {
  const from = await scratch();
  writeFileSync(join(from, 'f'), 'bytes\n');
  const hub = start(['server', from, '--port', '0', '--json']);
  const [url = ''] = (await hub.until('listening')).addresses;
  const out = join(from, 'a/b/c');
  // Has the file by what it says, and sends nothing of it.
  const silent = createServer(({ method }, answer) => {
    if (method === 'HEAD') answer.end();
    else answer.destroy();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  for (const place of [`${url}files/no`, `http://127.0.0.1:${port}/f`]) {
    expect((await run(['get', place, '--out', out, '--timeout', '1'])).code).toBe(1);
    expect(readdirSync(from)).toEqual(['f']);
  }
  expect((await run(['get', `${url}files/f`, '--out', out])).code).toBe(0);
  expect(readdirSync(out)).toEqual(['f']);
});

it('says what helps where a hub is read or written', async () => {
  mkdirSync(join(dir, 'hub/sub'), { recursive: true });
  writeFileSync(join(dir, 'hub/f'), 'bytes\n');
  const hub = start(['server', join(dir, 'hub'), '--port', '0', '--json']);
  const [url = ''] = (await hub.until('listening')).addresses;
  const { port } = new URL(url);
  writeFileSync(join(dir, 'other'), 'others\n');
  const rows: [string[], string, number][] = [
    [['server', 'DIR/d', '--port', port], `port ${port} on 127.0.0.1 is in use; give another`, 1],
    [['client', 'get', `${url}files/no`], '404 Not Found', 1],
    [['client', 'get', `${url}files/f`, '-o', 'DIR/no/x'], 'DIR/no: no such file or directory', 1],
    [['client', 'get', `${url}files/f`, '-o', 'DIR/f/x'], 'DIR/f/x: not a directory', 1],
    [['client', 'get', `${url}files/f`, '-o', `DIR/${LONG}`], `${LONG}: name too long`, 1],
    [['client', 'get', `${url}files/f`, '-o', '/dev/full'], '/dev/full: no space left', 1],
    [['client', 'get', `${url}files/f`, '--cid', CID, '-o', 'DIR/x'], `not ${CID}`, 1],
    [['client', 'get', '-r', `${url}files/`, 'DIR/f'], '-r: DIR/f is a file; give a directory', 2],
    [['client', 'put', 'DIR/f', `${url}files/x`], 'a hub does when started with --writable', 1],
    [['client', 'rm', `${url}files/f`], 'a hub does when started with --writable', 1],
  ];
  for (const [args, line, code] of rows) {
    expect(await told(args)).toEqual({ last: expect.stringContaining(fill(line)), code });
  }
});

describe('names as long as a file system takes', () => {
  it('come from hubs, from plain servers and through swarms', async () => {
    const [from, to, data] = [await scratch(), await scratch(), await scratch()];
    const path = await randomFile(join(from, NAME_MAX), 300_000);
    const hub = start(['server', from, '--port', '0', '--json']);
    const [url = ''] = (await hub.until('listening')).addresses;
    const args = ['client', 'get', `${url}files/${NAME_MAX}`, '-o'];
    expect((await run([...args, join(to, 'a'.repeat(255))])).code).toBe(0);
    // A format that has no CID.
    const listing = ['client', 'get', `${url}files/?format=json`, '-o', join(to, 'l'.repeat(255))];
    expect((await run(listing)).code).toBe(0);
    const sharer = start(['peer', path, '--data', data, '--json']);
    const [address = ''] = (await sharer.until('listening')).addresses;
    const { cid } = await sharer.until('file_shared');
    const get = ['peer', cid, '--join', address, '--data', data, '--linger', '0', '--out', to];
    expect((await run(get)).code).toBe(0);
    const hash = await sha256(path);
    expect(await sha256(join(to, NAME_MAX))).toBe(hash);
    expect(await sha256(join(to, 'a'.repeat(255)))).toBe(hash);
    expect((await run(['token', '--key', join(to, 'k'.repeat(255))])).code).toBe(0);
  });
});

describe('output that cannot be written', () => {
  const through = (redirection: string): string[] => ['sh', '-c', `exec "$@" ${redirection}`, 'sh'];

  it.each([
    ['cid', 'DIR/f'],
    ['token', '--key', 'DIR/key'],
    ['simulate', '--size', '1MiB'],
  ])('%s fails when nobody gets what it prints', async (...args) => {
    const running = start(args.map(fill), {}, through('>/dev/full'));
    expect(await running.exit).toBe(1);
    expect(running.stderr.trim().split('\n').at(-1)).toBe(
      'hubswarm: standard output: no space left on the device',
    );
  });

  it('does not end a hub whose log has no room', async () => {
    const hub = start(['server', join(dir, 'd'), '--port', '0'], {}, through('2>/dev/full'));
    const silent = start(
      ['server', join(dir, 'd'), '--port', '0', '--json'],
      {},
      through('>/dev/full'),
    );
    await expect
      .poll(() => silent.stderr, { timeout: 20_000 })
      .toBe('warning: events are lost: standard output: no space left on the device\n');
    expect(await silent.end()).toBe(0);
    expect(await hub.end()).toBe(0);
  });
});

it('tells a peer that is to join its own identity elsewhere', async () => {
  const [data, copy] = [await scratch(), await scratch()];
  const first = start(['peer', join(dir, 'f'), '--data', data, '--json']);
  const [address = ''] = (await first.until('listening')).addresses;
  cpSync(join(data, 'peer-0/identity.key'), join(copy, 'peer-0/identity.key'), { recursive: true });
  const second = start(['peer', join(dir, 'f'), '--data', copy, '--join', address, '--json']);
  const { message } = await second.until('warned');
  expect(message).toContain(`${address} has this peer's own identity`);
  expect(message).toContain('--data');
});

it('tells at its start that a writable hub cannot write', needs(LINUX, MOUNTS), async () => {
  const root = await scratch();
  const args = ['server', root, '--port', '0', '--json', '--catalogue', 'none', '--writable'];
  const mount = `mount -t tmpfs -o ro hubswarm-test ${root} && exec "$@"`;
  const hub = start(args, {}, ['unshare', '-m', 'sh', '-c', mount, 'sh']);
  const { message } = await hub.until('warned');
  const reason = 'its file system is read-only; uploads into it will fail';
  expect(message).toContain(`--writable: ${root}: ${reason}`);
  await hub.until('listening');
  const free = start(args);
  await free.until('listening');
  expect(await free.end()).toBe(0);
  expect(free.stdout).not.toContain('"warned"');
});
