// The built hub, asked with curl: what a person would do by hand.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, sha256, start } from '../binary.ts';

const MIB = 2 ** 20;

async function hub(root: string, ...args: string[]): Promise<{ server: Running; url: string }> {
  const server = start(['server', '--json', '--root', root, '--port', '0', ...args]);
  const { addresses } = await server.until('listening');
  return { server, url: addresses[0]! };
}

const curl = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('curl', ['-sS', ...args], { encoding: 'latin1' });
  return stdout;
};

describe('server and curl', needs('curl'), () => {
  it('answers curl -i -r with the bytes of the range', async () => {
    const root = await scratch();
    const bytes = randomBytes(MIB);
    await writeFile(join(root, 'f.bin'), bytes);
    const { url } = await hub(root);
    const answer = await curl('-i', '-r', '1000-1999', `${url}files/f.bin`);
    const [head, body] = [answer.slice(0, -1000), answer.slice(-1000)];
    expect(head).toMatch(/^HTTP\/1\.1 206 /);
    expect(head).toContain('Content-Range: bytes 1000-1999/1048576');
    expect(body).toBe(bytes.subarray(1000, 2000).toString('latin1'));
  });

  it('takes curl -T, and curl -C - resumes what a cut download left', async () => {
    const dir = await scratch();
    const root = await scratch();
    const file = await randomFile(join(dir, 'up.bin'), 5 * MIB + 3);
    const { url, server } = await hub(root, '--writable');
    expect(await curl('-i', '-T', file, `${url}files/new/`)).toMatch(/201 Created/);
    expect(await server.until('file_stored')).toMatchObject({ path: 'new/up.bin' });
    const back = join(dir, 'back.bin');
    await writeFile(back, (await readFile(file)).subarray(0, 2 * MIB));
    await curl('-C', '-', '-o', back, `${url}files/new/up.bin`);
    expect(await sha256(back)).toBe(await sha256(file));
  });
});

describe('server', () => {
  it('ends on SIGTERM with exit code 0, after the response that is under way', async () => {
    const root = await scratch();
    await randomFile(join(root, 'f'), 2 * MIB);
    const { server, url } = await hub(root, '--uplink', '4MiB/s');
    const response = await fetch(`${url}files/f`);
    const code = server.end();
    expect((await response.arrayBuffer()).byteLength).toBe(2 * MIB);
    expect(await code).toBe(0);
    expect(server.events.map(({ event }) => event)).toContain('stopped');
    expect(server.stderr).toBe('');
  });

  it('says in one line what is wrong, and starts nothing', async () => {
    const root = await scratch();
    const { url } = await hub(root);
    const { port } = new URL(url);
    const wrong: [string[], number, RegExp][] = [
      [['--port', port], 1, /port \d+ on 127\.0\.0\.1 is in use/],
      [['--root', join(root, 'none')], 1, /none: no such file or directory/],
      [['--host', '192.0.2.1', '--port', '0'], 1, /192\.0\.2\.1 is not an address of this machine/],
      [['--port', '70000'], 2, /--port: '70000' is not accepted/],
      [['--uplink', 'fast'], 2, /--uplink: 'fast' is not a rate/],
      [['--chunk-size', '3'], 2, /--chunk-size: 3 bytes is not accepted/],
      [['--nonsense'], 2, /unknown option '--nonsense'/],
    ];
    for (const [args, code, line] of wrong) {
      const rooted = args.includes('--root') ? args : ['--root', root, ...args];
      const ended = await run(['server', ...rooted]);
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  });

  it('stops, and says nothing, when the reader of its events has gone', async () => {
    const { server } = await hub(await scratch());
    server.child.stdout!.destroy();
    await server.exit;
    expect(server.stderr).toBe('');
  });
});
