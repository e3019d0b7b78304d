// Who stood still (SIGSTOP, or a machine that slept) while another took what it held: it ends, or
// gives up its request, with one line that says so, and what the other wrote stays as it is. From whom
// another can see to be alive nothing is taken.
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINUX, MOUNTS, needs, ROOT } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, sha256, start } from '../binary.ts';

const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const MIB = 2 ** 20;
const ENDS =
  /^hubswarm: \S+: taken over by another process, since this one stood still for more than 5 s; it ends here\n$/;

const urlOf = async (server: Running): Promise<string> =>
  (await server.until('listening')).addresses[0]!;

const serve = (args: string[], wrapper: string[] = []): Running =>
  start(['server', '--json', '--port', '0', ...args], {}, wrapper);

/** An edge that can be started again, and a look at whether one serves the file whole. */
async function edge() {
  const root = await scratch();
  const file = await randomFile(join(root, 'f'), 5 * MIB);
  const args = ['--cache', await urlOf(serve(['--root', root])), '--cache-dir', await scratch()];
  const give = async (running: Running): Promise<void> => {
    const out = join(await scratch(), 'got');
    const got = await run(['client', 'get', `${await urlOf(running)}files/f`, '-o', out]);
    expect(got.code).toBe(0);
    expect(await sha256(out)).toBe(await sha256(file));
  };
  return { args, give };
}

describe('a stopped process that can be seen', needs(LINUX), () => {
  it('keeps its directory, and goes on', async () => {
    const { args, give } = await edge();
    const first = serve(args);
    await give(first);
    first.child.kill('SIGSTOP');
    const second = serve(args);
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(/^hubswarm: --cache-dir: .* is used by another edge.*\n$/);
    first.child.kill('SIGCONT');
    await give(first);
    expect(await first.end()).toBe(0);
  });
});

describe('a process that stood still', needs('unshare', ROOT, MOUNTS), () => {
  it('as an edge ends once another has its directory', async () => {
    const { args, give } = await edge();
    const first = serve(args);
    await give(first);
    first.child.kill('SIGSTOP');
    const second = serve(args, CONTAINER);
    await give(second);
    first.child.kill('SIGCONT');
    expect(await first.exit).toBe(1);
    expect(first.stderr).toMatch(ENDS);
    await give(second);
  });

  it('as a peer ends once another has its identity, and what it fetched stays', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'file'), 2 * MIB);
    const data = ['--data', join(dir, 'data')];
    const peer = (wrapper: string[]) =>
      start(['peer', '--json', ...data, '--share', file], {}, wrapper);
    const first = peer([]);
    const { peerId } = await first.until('listening');
    first.child.kill('SIGSTOP');
    const second = peer(CONTAINER);
    const { peerId: taken, addresses } = await second.until('listening');
    expect(taken).toBe(peerId);
    const { cid } = await second.until('file_shared');
    first.child.kill('SIGCONT');
    expect(await first.exit).toBe(1);
    expect(first.stderr).toMatch(ENDS);
    const out = join(dir, 'out');
    const from = ['--join', addresses[0]!, '--get', cid, '--out', out, '--linger', '0'];
    expect((await run(['peer', '--data', join(dir, 'other'), ...from])).code).toBe(0);
    expect(await sha256(join(out, 'file'))).toBe(await sha256(file));
    // The key is what it was: the next one is the same peer.
    second.child.kill('SIGKILL');
    await second.exit;
    expect((await peer(CONTAINER).until('listening')).peerId).toBe(peerId);
  });

  it('as a hub writes nothing to an upload that another hub went on with', async () => {
    const root = await scratch();
    const first = serve(['--writable', '--root', root]);
    const url = await urlOf(first);
    const tus = { 'tus-resumable': '1.0.0' };
    const created = await fetch(`${url}uploads`, {
      method: 'POST',
      headers: {
        ...tus,
        'upload-length': String(3 * MIB),
        'upload-metadata': `filename ${Buffer.from('f').toString('base64')}`,
      },
    });
    expect(created.status).toBe(201);
    const { pathname } = new URL(created.headers.get('location')!);
    const chunk = { ...tus, 'content-type': 'application/offset+octet-stream' };
    // By a socket of its own: the rest of the body comes while nobody reads.
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    const ended = new Promise((done) => socket.on('close', done));
    socket.on('error', () => undefined);
    const head = Object.entries({ ...chunk, host: 'x', 'upload-offset': 0 });
    socket.write(
      `PATCH ${pathname} HTTP/1.1\r\n${head.map(([k, v]) => `${k}: ${v}\r\n`).join('')}content-length: ${2 * MIB}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(MIB, 'a'));
    const held = join(root, '.hubswarm', pathname, 'data');
    await expect.poll(async () => (await stat(held)).size, { timeout: 20_000 }).toBe(MIB);
    first.child.kill('SIGSTOP');
    socket.write(Buffer.alloc(MIB / 4, 'z'));

    const second = serve(['--writable', '--root', root], CONTAINER);
    const upload = new URL(pathname, await urlOf(second));
    const { headers } = await fetch(upload, { method: 'HEAD', headers: tus });
    expect(headers.get('upload-offset')).toBe(`${MIB}`);
    const rest = await fetch(upload, {
      method: 'PATCH',
      headers: { ...chunk, 'upload-offset': `${MIB}` },
      body: Buffer.alloc(2 * MIB, 'b'),
    });
    expect(rest.status).toBe(204);
    const isWhole = async (): Promise<boolean> => {
      const bytes = await readFile(join(root, 'f'));
      return bytes.equals(Buffer.concat([Buffer.alloc(MIB, 'a'), Buffer.alloc(2 * MIB, 'b')]));
    };
    expect(await isWhole()).toBe(true);

    first.child.kill('SIGCONT');
    await ended;
    expect(await isWhole()).toBe(true);
    expect(answer).toMatch(/^HTTP\/1\.1 423 /);
    expect(answer).toMatch(
      /\r\n\r\nanother process writes this upload now, since this one stood still; ask where it ends\n$/,
    );
    // It serves on, and the other's word on the upload stands.
    const told = await fetch(new URL(pathname, url), { method: 'HEAD', headers: tus });
    expect(told.headers.get('upload-offset')).toBe(`${3 * MIB}`);
    expect(await first.end()).toBe(0);
    expect(first.stderr).toBe('');
  });
});
