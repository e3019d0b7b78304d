// The built hub and the programs that people already have: each fetches with its own
// way of resuming, checking and showing. One that is not installed is skipped by name.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasCommand, needs } from '../../support/needs.ts';
import { randomFile, scratch, sha256, start } from '../binary.ts';

const MIB = 2 ** 20;
const TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/** Its files have their digests: before that, large ones go without. */
async function hub(root: string, ...args: string[]): Promise<string> {
  const server = start(['server', '--json', '--root', root, '--port', '0', ...args]);
  const { addresses } = await server.until('listening');
  await server.until('catalogue_completed');
  return addresses[0]!;
}

/** A date is given once its second is over. */
async function age(path: string): Promise<void> {
  const ago = new Date(Date.now() - 60_000);
  await utimes(path, ago, ago);
}

/** Exit code and output of a command that may fail. */
async function outcome(command: string, args: readonly string[]) {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: TIMEOUT_MS });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: `${stdout}${stderr}` };
  }
}

const aria2c = (dir: string, ...args: string[]) =>
  outcome('aria2c', ['--no-conf', '--console-log-level=warn', '-d', dir, ...args]);

describe('curl', needs('curl'), () => {
  it('decodes what came compressed, and revalidates by tag and by date', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const text = 'as it was written\n'.repeat(1000);
    await writeFile(join(root, 'a.txt'), text);
    await age(join(root, 'a.txt'));
    const url = `${await hub(root)}files/a.txt`;
    const [tag, to] = [join(dir, 'etag'), join(dir, 'a.txt')];
    const curl = (...args: string[]) =>
      run('curl', ['-sS', '-w', '%{http_code} %{size_download}', '-o', to, ...args, url]);
    const { stdout: first } = await curl('--compressed', '--etag-save', tag);
    expect(await readFile(to, 'utf8')).toBe(text);
    expect(Number(first.split(' ')[1])).toBeLessThan(text.length / 10);
    expect((await curl('--compressed', '--etag-compare', tag)).stdout).toBe('304 0');
    expect((await curl('-z', to)).stdout).toBe('304 0');
    const { stdout: ranges } = await run('curl', ['-sS', '-r', '0-1,500-501', url]);
    expect(ranges.match(/Content-Range: bytes/g)).toHaveLength(2);
  });
});

describe('wget', needs('wget'), () => {
  it('goes on where a download was cut, and mirrors what has changed', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const file = await randomFile(join(root, 'f.bin'), 3 * MIB + 1);
    await age(file);
    const url = `${await hub(root)}files/f.bin`;
    const to = join(dir, 'f.bin');
    await writeFile(to, (await readFile(file)).subarray(0, MIB));
    await run('wget', ['-q', '-c', '-P', dir, url]);
    expect(await sha256(to)).toBe(await sha256(file));
    const { output } = await outcome('wget', ['-N', '-P', dir, url]);
    expect(output).toMatch(/304 Not Modified|not retrieving/);
  });

  it('follows a listing page to every file below', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    await mkdir(join(root, 'sub dir'));
    for (const path of ['a', 'b & c', 'sub dir/d']) await writeFile(join(root, path), path);
    const url = await hub(root);
    const options = [
      '-q',
      '-r',
      '-np',
      '-nH',
      '-R',
      'index.html*,zip,tar',
      '--header=Accept: text/html',
    ];
    await outcome('wget', [...options, '-P', dir, `${url}files/`]);
    for (const path of ['a', 'b & c', 'sub dir/d']) {
      expect(await readFile(join(dir, 'files', path), 'utf8')).toBe(path);
    }
  });
});

describe('aria2c', needs('aria2c'), () => {
  it('fetches in parts and checks the digest that the hub sends', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const file = await randomFile(join(root, 'f.bin'), 5 * MIB + 11);
    const url = `${await hub(root)}files/f.bin`;
    const args = ['-x', '4', '-s', '4', '-k', '1M', '--console-log-level=notice', url];
    const { code, output } = await aria2c(dir, ...args);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/Verification finished successfully/);
    expect(await sha256(join(dir, 'f.bin'))).toBe(await sha256(file));
  });

  it('goes to the mirrors that the hub names', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const file = await randomFile(join(root, 'f.bin'), 4 * MIB);
    // To aria2 a host is one server, whatever its ports.
    const options = ['--root', root, '--port', '0', '--host', 'localhost'];
    const mirror = start(['server', '--json', ...options]);
    const { addresses } = await mirror.until('listening');
    const there = `http://localhost:${new URL(addresses[0]!).port}/files`;
    const url = `${await hub(root, '--mirror', there, '--uplink', '4MiB/s')}files/f.bin`;
    const { code, output } = await aria2c(dir, '-s', '4', '-k', '1M', url);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(await sha256(join(dir, 'f.bin'))).toBe(await sha256(file));
    const { path, bytes } = await mirror.until('request_completed', ({ status }) => status === 206);
    expect(path).toBe('/files/f.bin');
    expect(bytes).toBeGreaterThan(0);
  });

  it('refuses bytes that are not those of the digest', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const bytes = randomBytes(2 * MIB);
    await writeFile(join(root, 'f.bin'), bytes);
    const url = `${await hub(root)}files/f.bin`;
    // One flipped bit behind the hub's own head: a source that went bad on the way.
    const head = await fetch(url, { method: 'HEAD', headers: { 'want-digest': 'SHA-256' } });
    bytes[MIB]! ^= 1;
    const bad = createServer((_req, res) => {
      res.writeHead(200, { Digest: head.headers.get('digest')!, 'Content-Length': bytes.length });
      res.end(bytes);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void bad.close());
    await once(bad, 'listening');
    const { port } = bad.address() as AddressInfo;
    const { code } = await aria2c(dir, '--max-tries=1', `http://127.0.0.1:${port}/f.bin`);
    // aria2c: "checksum validation failed".
    expect(code).toBe(32);
  });

  it('starts anew when the file has changed since the first part', async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const file = await randomFile(join(root, 'f.bin'), 4 * MIB);
    const url = await hub(root, '--uplink', '2MiB/s');
    const first = execFile('aria2c', ['--no-conf', '-q', '-d', dir, `${url}files/f.bin`]);
    const began = async (): Promise<number> =>
      (await readFile(join(dir, 'f.bin')).catch(() => Buffer.alloc(0))).length;
    await expect.poll(began, { timeout: 20_000 }).toBeGreaterThan(0);
    first.kill('SIGKILL');
    await once(first, 'close');
    await truncate(join(dir, 'f.bin'), MIB);
    await randomFile(file, 4 * MIB);
    await aria2c(dir, '-c', '--allow-overwrite=true', '--always-resume=false', `${url}files/f.bin`);
    // Whatever it did, it must not have joined two versions and called that good.
    const result = await sha256(join(dir, 'f.bin'));
    expect(result).toBe(await sha256(file));
  });
});

const BROWSER = ['chromium', 'chromium-browser', 'google-chrome'].find(hasCommand) ?? 'chromium';

describe('a browser', needs(BROWSER), () => {
  async function dump(url: string): Promise<string> {
    const profile = await scratch();
    const { stdout } = await run(
      BROWSER,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--user-data-dir=${profile}`,
        '--dump-dom',
        url,
      ],
      { timeout: TIMEOUT_MS },
    );
    return stdout;
  }

  it('shows a listing with its style, and lets no name act', { timeout: TIMEOUT_MS }, async () => {
    const root = await scratch();
    const nasty = '<img src=x onerror=document.title="pwned">';
    await writeFile(join(root, nasty), 'x');
    await mkdir(join(root, 'dir'));
    const page = await dump(await hub(root));
    expect(page).toContain('>dir/</a>');
    expect(page).toContain('&lt;img src=x');
    expect(page).toContain('<title>/files/</title>');
    expect(page).not.toContain('<img');
  });

  it('shows a page of the root, decoded, without its origin', { timeout: TIMEOUT_MS }, async () => {
    const root = await scratch();
    const script = 'document.body.append(self.origin)';
    const text = `<!doctype html><body>${'<p>text</p>'.repeat(500)}<script>${script}</script>`;
    await writeFile(join(root, 'page.html'), text);
    const page = await dump(`${await hub(root)}files/page.html`);
    expect(page.match(/<p>text<\/p>/g)).toHaveLength(500);
    // A served page may run, but not as this origin, which may take uploads.
    expect(page).toContain('null</body>');
  });
});

/** Programs that walk a directory by the links of its pages; wget keeps the pages. */
const CRAWLERS: Record<string, (url: string) => string[]> = {
  wget: (url) => ['-q', '-r', '-np', '-nH', '--cut-dirs=1', url],
  lftp: (url) => ['-c', `open ${new URL(url).origin}; mirror /files/ .`],
  rclone: (url) => ['--config', '/dev/null', 'copy', `:http,url='${url}':`, '.'],
};
/** A colon stands in no first name: rclone asks for `./a:b` then, and a hub takes no '.'. */
const NAMES = ["it's & <b>", 'a?c#d', 'é ü', 'd/e/a:b'];

describe.each(Object.entries(CRAWLERS))('%s', (program, args) => {
  it('fetches all there is, and nothing else', needs(program), async () => {
    const [root, dir] = [await scratch(), await scratch()];
    const many = Array.from({ length: 210 }, (_, i) => `many/${i}`);
    for (const name of [...NAMES, ...many]) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), name);
    }
    const url = `${await hub(root)}files/`;
    await run(program, args(url), { cwd: dir, timeout: TIMEOUT_MS });
    const found = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = found
      .filter((entry) => entry.isFile() && entry.name !== 'index.html')
      .map(({ parentPath, name }) => relative(dir, join(parentPath, name)));
    expect(files.sort()).toEqual([...NAMES, ...many].sort());
    for (const name of NAMES) expect(await readFile(join(dir, name), 'utf8')).toBe(name);
  });
});
