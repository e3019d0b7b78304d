// Files whose CID is not known yet: fresh long ones, and those that are being written.
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  open,
  readFile,
  rename,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AS_JSON, type Hub, startHub } from '../hub.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

async function sparse(hub: Hub, name: string, bytes: number): Promise<void> {
  const handle = await open(join(hub.root, name), 'w');
  await handle.truncate(bytes);
  await handle.close();
}

/** The head of an answer, once the first byte of its body is there. The rest is not read. */
function headBeforeBody(hub: Hub, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = hub.socket();
    let head = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 || head.length === end + 4) return;
      socket.destroy();
      resolve(head.slice(0, end));
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`);
  });
}

/** Appends a line twenty times a second until the test ends. */
function keepAppending(path: string): void {
  let line = 0;
  let writing = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(() => appendFile(path, `line ${line++} of a log\n`));
  }, 50);
  onTestFinished(async () => {
    clearInterval(timer);
    await writing;
  });
}

describe('a fresh long file', () => {
  it('gives its first byte before it is hashed, and a short one beside two of them is hashed first', async () => {
    const hub = await startHub();
    for (const path of ['long-0', 'long-1']) {
      await sparse(hub, path, 30 * GIB);
      const head = await headBeforeBody(hub, `/files/${path}`);
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(head.toLowerCase()).toContain('\r\nx-hubswarm-cid: pending');
    }
    await writeFile(join(hub.root, 'short'), 'four');
    await expect.poll(async () => (await hub.ask('/files/short')).headers.etag).toMatch(/^"baf/);
    for (const path of ['long-0', 'long-1']) {
      const { headers } = await hub.ask(`/files/${path}`, { method: 'HEAD' });
      expect(headers['x-hubswarm-cid']).toBe('pending');
    }
  });

  it('is had whole, in parts and by HEAD before it has a CID', async () => {
    const hub = await startHub();
    await sparse(hub, 'f', 30 * GIB);
    const head = await hub.ask('/files/f', { method: 'HEAD' });
    expect(head).toMatchObject({
      status: 200,
      headers: {
        'content-length': String(30 * GIB),
        'accept-ranges': 'bytes',
        'x-hubswarm-cid': 'pending',
      },
    });
    expect(head.headers['x-ipfs-roots']).toBe(undefined);
    const part = await hub.ask('/files/f', {
      headers: { range: `bytes=${20 * GIB}-${20 * GIB + 9}` },
    });
    expect(part).toMatchObject({ status: 206 });
    expect(part.body.equals(Buffer.alloc(10))).toBe(true);
    const listing = JSON.parse((await hub.ask('/files/', AS_JSON)).text);
    expect(listing.entries[0]).not.toHaveProperty('cid');
  });

  it('has its CID for a tag as soon as that is known', async () => {
    const hub = await startHub();
    const bytes = randomBytes(24 * MIB);
    await writeFile(join(hub.root, 'f'), bytes);
    expect((await hub.ask('/files/f')).body.equals(bytes)).toBe(true);
    await hub.untilNamed('/files/f');
    const named = await hub.ask('/files/f', { headers: { range: 'bytes=5-9' } });
    expect(named.headers.etag).toBe(`"${named.headers['x-ipfs-roots']}"`);
    expect(named.headers['x-hubswarm-cid']).toBe(undefined);
  });

  it('is hashed behind a shorter one that came later', async () => {
    const hub = await startHub();
    for (const name of ['a', 'b', 'c']) {
      await sparse(hub, name, 30 * GIB);
      await hub.ask(`/files/${name}`, { method: 'HEAD' });
    }
    await sparse(hub, 'shorter', 32 * MIB);
    await hub.untilNamed('/files/shorter');
    const { headers } = await hub.ask('/files/a', { method: 'HEAD' });
    expect(headers['x-hubswarm-cid']).toBe('pending');
  });

  it('that is replaced while it is hashed gets the CID of the new one', async () => {
    const hub = await startHub();
    await sparse(hub, 'f', 30 * GIB);
    await hub.ask('/files/f', { method: 'HEAD' });
    const bytes = randomBytes(6 * MIB);
    await writeFile(join(hub.root, '.new'), bytes);
    await rename(join(hub.root, '.new'), join(hub.root, 'f'));
    await hub.untilNamed('/files/f');
    expect((await hub.ask('/files/f')).body.equals(bytes)).toBe(true);
  });
});

describe('conditions on a file without a name', () => {
  async function hubWithLong() {
    const hub = await startHub();
    const path = join(hub.root, 'f');
    const ask = (headers = {}, method = 'HEAD') => hub.ask('/files/f', { headers, method });
    await sparse(hub, 'f', 30 * GIB);
    return { hub, path, ask };
  }

  it('take a weak tag only once another write would change it', async () => {
    const { ask } = await hubWithLong();
    await delay(50);
    const { etag } = (await ask()).headers;
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    expect((await ask({ 'if-none-match': etag })).status).toBe(304);
    expect((await ask({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await ask({ 'if-none-match': '*' })).status).toBe(304);
  });

  it('never join a part to another: If-Range holds for no tag', async () => {
    const { ask } = await hubWithLong();
    await delay(50);
    const { etag } = (await ask()).headers;
    for (const tag of [etag, etag!.slice(2), '"bafkreiother"']) {
      const answer = await ask({ range: 'bytes=0-9', 'if-range': tag });
      expect(answer.status).toBe(200);
    }
  });

  it('are told that a version is not known, and not that it is another', async () => {
    const { ask } = await hubWithLong();
    const answer = await ask({ 'if-match': '"bafkreiother"' });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect((await ask({ 'if-match': '*' })).status).toBe(200);
  });

  it('take a date only once its second is over', async () => {
    const { path, ask } = await hubWithLong();
    const whole = Math.floor(Date.now() / 1000) * 1000;
    await utimes(path, new Date(), new Date(whole));
    const date = new Date(whole).toUTCString();
    const early = await ask({ 'if-modified-since': date });
    if (Date.now() - whole < 1000) {
      expect(early.status).toBe(200);
      expect(early.headers['last-modified']).toBe(undefined);
    }
    await delay(1050);
    expect((await ask()).headers['last-modified']).toBe(date);
    expect((await ask({ 'if-modified-since': date })).status).toBe(304);
    expect(
      (await ask({ 'if-unmodified-since': new Date(whole - 60_000).toUTCString() })).status,
    ).toBe(412);
  });
});

describe('a file that is being appended to', () => {
  it('is answered each time, as it was when it was opened', async () => {
    const hub = await startHub();
    const path = join(hub.root, 'log');
    await writeFile(path, 'begin\n');
    keepAppending(path);
    for (let i = 0; i < 60; i++) {
      const before = (await stat(path)).size;
      const answer = await hub.ask('/files/log');
      expect(answer.status).toBe(200);
      const now = await readFile(path, 'utf8');
      expect(now.startsWith(answer.text)).toBe(true);
      expect(answer.text.length).toBeGreaterThanOrEqual(before);
      expect(answer.headers['content-length']).toBe(String(answer.body.length));
      await delay(i % 20);
    }
  });

  it('can be followed by ranges from where the last one ended', async () => {
    const hub = await startHub();
    const path = join(hub.root, 'log');
    await writeFile(path, 'begin\n');
    keepAppending(path);
    let text = '';
    while (text.length < 1000) {
      const answer = await hub.ask('/files/log', { headers: { range: `bytes=${text.length}-` } });
      // There is nothing new, or there is.
      expect([206, 416]).toContain(answer.status);
      if (answer.status === 206) text += answer.text;
      await delay(20);
    }
    expect((await readFile(path, 'utf8')).startsWith(text)).toBe(true);
  });

  it('gives no byte more than it announced when it grows under way', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 16 * MIB });
    const path = join(hub.root, 'long');
    const bytes = randomBytes(12 * MIB);
    await writeFile(path, bytes);
    keepAppending(path);
    const answer = await hub.ask('/files/long');
    const whole = await readFile(path);
    expect(whole.length).toBeGreaterThan(answer.body.length);
    expect(answer.body.equals(whole.subarray(0, answer.body.length))).toBe(true);
  });

  it.each(['zip', 'tar', 'tar.gz'])('is in a %s as it was', async (format) => {
    const hub = await startHub({ uplinkBytesPerSecond: 32 * MIB });
    const bytes = Buffer.alloc(12 * MIB, 'log');
    await writeFile(join(hub.root, 'log'), bytes);
    keepAppending(join(hub.root, 'log'));
    const { status, body } = await hub.ask(`/files/?archive=${format}`);
    expect(status).toBe(200);
    const packed = format === 'tar.gz' ? gunzipSync(body) : body;
    expect(packed.includes(bytes.subarray(-1000))).toBe(true);
  });
});

describe('a file without a name that is changed otherwise while it is sent', () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['cut', (path) => truncate(path, 9 * MIB)],
    [
      'written to',
      async (path) => {
        const handle = await open(path, 'r+');
        await handle.write(Buffer.from('other'), 0, 5, 0);
        await handle.close();
      },
    ],
  ])('%s, ends the connection', async (_what, change) => {
    const hub = await startHub({ uplinkBytesPerSecond: 4 * MIB });
    // So long that it gets no name meanwhile.
    await sparse(hub, 'f', 30 * GIB);
    const answer = hub.ask('/files/f', { headers: { range: `bytes=0-${16 * MIB - 1}` } });
    answer.catch(() => undefined);
    await hub.until('link_counted', ({ sentBytes }) => sentBytes > MIB);
    await change(join(hub.root, 'f'));
    await expect(answer).rejects.toThrow();
  });
});
