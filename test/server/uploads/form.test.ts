// Forms of files (multipart/form-data) as curl and browsers send them.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Hub, startHub, tempRoot } from '../hub.ts';

interface Part {
  /** Parameters behind `form-data; `. */
  readonly disposition: string;
  readonly bytes: Buffer | string;
}

const file = (name: string, bytes: Buffer | string = 'x'): Part => ({
  disposition: `name="file"; filename="${name}"`,
  bytes,
});

function bodyOf(parts: readonly Part[], end = '--edge--\r\n'): Buffer {
  const texts = parts.flatMap(({ disposition, bytes }) => [
    `--edge\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`,
    bytes,
    '\r\n',
  ]);
  return Buffer.concat([...texts, end].map((text) => Buffer.from(text)));
}

const TYPE = { 'content-type': 'multipart/form-data; boundary=edge' };

const post = (hub: Hub, path: string, body: Buffer, headers = {}) =>
  hub.ask(path, { method: 'POST', body, headers: { ...TYPE, ...headers } });

/** All names below the root, hidden ones too. */
const everything = async (hub: Hub): Promise<string[]> =>
  (await readdir(hub.root, { recursive: true })).sort();

describe('POST /files/<directory>/', () => {
  it('stores each file of the form, makes the directory, and says where', async () => {
    const hub = await startHub({ writable: true });
    const bytes = randomBytes(3 * 2 ** 20 + 5);
    const field = { disposition: 'name="comment"', bytes: 'no file' };
    const answer = await post(
      hub,
      '/files/a/b/',
      bodyOf([file('big', bytes), field, file('ü 1'), file('e', '')]),
    );
    expect(answer).toMatchObject({
      status: 201,
      text: 'stored /files/a/b/big\nstored /files/a/b/%C3%BC%201\nstored /files/a/b/e\n',
    });
    expect((await readFile(join(hub.root, 'a/b/big'))).equals(bytes)).toBe(true);
    expect(await everything(hub)).toEqual(['a', 'a/b', 'a/b/big', 'a/b/e', 'a/b/ü 1']);
    const got = await hub.ask('/files/a/b/big');
    expect(got.body.equals(bytes)).toBe(true);
  });

  it('takes what curl sends', needs('curl'), async () => {
    const hub = await startHub({ writable: true });
    const bytes = randomBytes(2 ** 20);
    const source = join(await tempRoot(), 'x y');
    await writeFile(source, bytes);
    const url = `http://127.0.0.1:${hub.port}/files/d/`;
    const args = ['-sSf', '-F', `file=@${source}`, '-F', `file=@${source};filename=z`, url];
    const { stdout } = await promisify(execFile)('curl', args);
    expect(stdout).toBe('stored /files/d/x%20y\nstored /files/d/z\n');
    expect((await readFile(join(hub.root, 'd/z'))).equals(bytes)).toBe(true);
  });

  it('names one file in Location, and leads a browser back to the directory', async () => {
    const hub = await startHub({ writable: true });
    const origin = `http://127.0.0.1:${hub.port}`;
    const one = await post(hub, '/files/', bodyOf([file('f')]));
    expect(one).toMatchObject({ status: 201, headers: { location: `${origin}/files/f` } });
    const again = await post(hub, '/files/d', bodyOf([file('f')]), {
      origin,
      accept: 'text/html,*/*;q=0.8',
    });
    expect(again).toMatchObject({ status: 303, headers: { location: `${origin}/files/d/` } });
  });

  it('replaces what is there, unless the condition forbids it', async () => {
    const hub = await startHub({ writable: true });
    await writeFile(join(hub.root, 'f'), 'old');
    const kept = await post(hub, '/files/', bodyOf([file('f')]), { 'if-none-match': '*' });
    expect(kept.status).toBe(412);
    expect(await readFile(join(hub.root, 'f'), 'utf8')).toBe('old');
    expect((await post(hub, '/files/', bodyOf([file('f', 'new')]))).status).toBe(201);
    expect(await readFile(join(hub.root, 'f'), 'utf8')).toBe('new');
  });

  it.each<[string, number]>([
    ['../up', 400],
    ['a/b', 400],
    ['/abs', 400],
    ['a\\\\b', 400],
    ['..', 400],
    ['.', 400],
    ['.env', 403],
    ['.hubswarm', 403],
    ['a\0b', 400],
    ['n'.repeat(256), 414],
    ['', 400],
    ['d', 409],
  ])('refuses the name %j, and keeps what came before', async (name, status) => {
    const hub = await startHub({ writable: true });
    await mkdir(join(hub.root, 'd'));
    const answer = await post(hub, '/files/', bodyOf([file('first'), file(name), file('later')]));
    expect(answer.status).toBe(status);
    expect(await everything(hub)).toEqual(['d', 'first']);
  });

  it('refuses bytes of a name that are not UTF-8', async () => {
    const hub = await startHub({ writable: true });
    const body = Buffer.from(bodyOf([file('n\xff')]).toString(), 'latin1');
    expect((await post(hub, '/files/', body)).status).toBe(400);
    expect(await everything(hub)).toEqual([]);
  });

  it.each<[string, Buffer, Record<string, string>, number]>([
    ['cut short', bodyOf([file('f')], ''), {}, 400],
    ['cut within its head', bodyOf([], '--edge\r\nContent-Disposition: form-'), {}, 400],
    ['of no parts', bodyOf([]), {}, 400],
    ['of fields alone', bodyOf([{ disposition: 'name="a"', bytes: '1' }]), {}, 400],
    ['of an empty choice', bodyOf([file('', '')]), {}, 400],
    ['without a boundary', bodyOf([file('f')]), { 'content-type': 'multipart/form-data' }, 400],
    ['of another type', bodyOf([file('f')]), { 'content-type': 'text/plain' }, 415],
    ['with a coding', bodyOf([file('f')]), { 'content-encoding': 'gzip' }, 415],
  ])('refuses a form %s, and stores nothing of it', async (_, body, headers, status) => {
    const hub = await startHub({ writable: true });
    expect((await post(hub, '/files/', body, headers)).status).toBe(status);
    expect(await everything(hub)).toEqual([]);
  });

  it('holds to the greatest length of a file and to the quota, each file for itself', async () => {
    const hub = await startHub({ writable: true, uploads: { maxBytes: 100, quotaBytes: 150 } });
    const large = await post(hub, '/files/', bodyOf([file('a', randomBytes(101))]));
    expect(large.status).toBe(413);
    const full = await post(
      hub,
      '/files/',
      bodyOf([file('a', randomBytes(100)), file('b', randomBytes(51))]),
    );
    expect(full.status).toBe(507);
    expect(await everything(hub)).toEqual(['a']);
    expect((await post(hub, '/files/', bodyOf([file('b', randomBytes(50))]))).status).toBe(201);
  });

  it('is refused where nobody may write', async () => {
    const hub = await startHub();
    expect((await post(hub, '/files/', bodyOf([file('f')]))).status).toBe(403);
    expect(await everything(hub)).toEqual([]);
  });

  it.each<[Record<string, string>, number]>([
    [{ origin: 'http://evil.example' }, 403],
    // No page of another address either: nothing is asked before a form is sent.
    [{ origin: 'http://203.0.113.5' }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 201],
    [{ origin: 'https://app.example.org', 'sec-fetch-site': 'cross-site' }, 201],
  ])('of the page %j', async (headers, status) => {
    const access = { corsOrigins: ['https://app.example.org'] };
    const hub = await startHub({ writable: true, access });
    const answer = await post(hub, '/files/', bodyOf([file('f')]), headers);
    expect(answer.status).toBe(status);
    expect(await everything(hub)).toEqual(status === 201 ? ['f'] : []);
  });
});

describe('the page of a directory', () => {
  const page = (hub: Hub, headers = {}) =>
    hub.ask('/files/', { headers: { accept: 'text/html', ...headers } });

  it('has a form for files where its reader may write', async () => {
    const hub = await startHub({ writable: true });
    const { text } = await page(hub);
    expect(text).toContain('<form method="post" enctype="multipart/form-data">');
    // By it the browser tells that the form is the hub's own.
    expect(text).toContain('<meta name="referrer" content="same-origin">');
    expect((await page(hub, { via: '1.1 edge' })).text).not.toContain('method="post"');
    expect((await page(await startHub())).text).not.toContain('method="post"');
  });
});
