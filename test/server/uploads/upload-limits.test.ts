// What an upload must match and may not exceed: digests, sizes, the quota, the disk.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Quota } from '../../../src/hub/uploads/quota.ts';
import { MOUNTS, needs } from '../../support/needs.ts';
import { type Hub, startHub, tempRoot } from '../hub.ts';

const MIB = 2 ** 20;
const put = (hub: Hub, path: string, body: Buffer | string, headers = {}) =>
  hub.ask(path, { method: 'PUT', body: Buffer.from(body), headers });
const everything = (hub: Hub): Promise<string[]> => readdir(hub.root, { recursive: true });
const base64 = (algorithm: string, bytes: Buffer) =>
  createHash(algorithm).update(bytes).digest('base64');

describe('the digest of an upload', () => {
  const bytes = randomBytes(3 * MIB + 1);
  const wrong = base64('sha256', Buffer.from('other'));

  it.each([
    ['repr-digest', `sha-256=:${base64('sha256', bytes)}:`],
    ['repr-digest', `sha-512=:${base64('sha512', bytes)}:, md5=:AAAA:`],
    ['content-digest', `sha-256=:${base64('sha256', bytes)}:`],
    ['digest', `SHA-256=${base64('sha256', bytes)},MD5=AAAA`],
    ['repr-digest', 'unixsum=:AAAA:'],
  ])('is compared when it is %s: %s', async (name, value) => {
    const hub = await startHub({ writable: true });
    const stored = await put(hub, '/files/f', bytes, { [name]: value });
    expect(stored.status).toBe(201);
    const checked = stored.headers['repr-digest'];
    if (/^sha-/i.test(value)) expect(checked).toMatch(/^sha-(256|512)=:/);
    else expect(checked).toBeUndefined();
    expect((await hub.ask('/files/f')).body.equals(bytes)).toBe(true);
  });

  it.each([
    ['repr-digest', `sha-256=:${wrong}:`, 422],
    ['content-digest', `sha-256=:${wrong}:`, 422],
    ['digest', `sha-256=${wrong}`, 422],
    [
      'repr-digest',
      `sha-256=:${base64('sha256', bytes)}:, sha-512=:${base64('sha512', Buffer.from(''))}:`,
      422,
    ],
    ['repr-digest', 'sha-256=:AAAA:', 400],
    ['repr-digest', 'sha-256="text"', 400],
    ['repr-digest', 'sha-256=:', 400],
    ['digest', 'sha-256', 400],
  ])('that is %s: %s is answered with %i, and nothing is stored', async (name, value, status) => {
    const hub = await startHub({ writable: true });
    expect((await put(hub, '/files/f', bytes, { [name]: value })).status).toBe(status);
    await expect.poll(() => everything(hub)).toEqual([]);
  });
});

describe('the size of an upload', () => {
  it('is refused at once when it is declared, and later when it is not', async () => {
    const hub = await startHub({ writable: true, uploads: { maxBytes: MIB } });
    const declared = await put(hub, '/files/f', Buffer.alloc(MIB + 1));
    expect(declared).toMatchObject({ status: 413, text: expect.stringContaining('1 MiB') });
    const chunked = { 'transfer-encoding': 'chunked' };
    // The answer may be lost to the bytes that still come.
    const grown = await put(hub, '/files/f', Buffer.alloc(MIB + 1), chunked).catch(() => undefined);
    expect([413, undefined]).toContain(grown?.status);
    await expect.poll(() => everything(hub)).toEqual([]);
    expect((await put(hub, '/files/f', Buffer.alloc(MIB), chunked)).status).toBe(201);
  });

  it('counts for the quota with what lies there, until it is deleted', async () => {
    const root = await tempRoot();
    await writeFile(join(root, 'old'), Buffer.alloc(600));
    const hub = await startHub({ root, writable: true, uploads: { quotaBytes: 1000 } });
    expect((await put(hub, '/files/f', Buffer.alloc(401))).status).toBe(507);
    expect((await put(hub, '/files/f', Buffer.alloc(400))).status).toBe(201);
    expect((await put(hub, '/files/g', 'x')).status).toBe(507);
    expect((await hub.ask('/files/old', { method: 'DELETE' })).status).toBe(204);
    expect((await put(hub, '/files/f', Buffer.alloc(100))).status).toBe(204);
    expect((await put(hub, '/files/g', Buffer.alloc(900))).status).toBe(201);
    const tus = { 'tus-resumable': '1.0.0', 'upload-length': 1 };
    expect((await hub.ask('/uploads/', { method: 'POST', headers: tus })).status).toBe(507);
  });

  it('is reserved by an unfinished upload, also across a restart', async () => {
    const root = await tempRoot();
    const uploads = { quotaBytes: 1000 };
    const hub = await startHub({ root, writable: true, uploads });
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': 900 };
    const made = await hub.ask('/uploads/', { method: 'POST', headers });
    expect((await put(hub, '/files/f', Buffer.alloc(101))).status).toBe(507);
    await hub.running.stop();
    const next = await startHub({ root, writable: true, uploads });
    expect((await put(next, '/files/f', Buffer.alloc(101))).status).toBe(507);
    await next.ask(made.headers.location!, { method: 'DELETE', headers });
    expect((await put(next, '/files/f', Buffer.alloc(101))).status).toBe(201);
  });

  it('never passes the quota, whoever reserves and releases', () => {
    const step = fc.record({ key: fc.nat(5), bytes: fc.nat(400), end: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const quota = new Quota(1000, 0);
        const open = new Map<number, ReturnType<Quota['reserve']>>();
        let stored = 0;
        for (const { key, bytes, end } of steps) {
          const held = open.get(key);
          if (held && end) {
            held.release();
            open.delete(key);
            continue;
          }
          try {
            if (held) held.cover(bytes);
            else open.set(key, quota.reserve(bytes));
          } catch {
            expect(quota.usedBytes + bytes).toBeGreaterThan(1000);
          }
          stored = Math.max(stored, quota.usedBytes);
        }
        expect(stored).toBeLessThanOrEqual(1000);
        for (const held of open.values()) held.release();
        expect(quota.usedBytes).toBe(0);
      }),
    );
  });
});

/** A file system of 8 MiB. */
async function smallDisk(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hubswarm-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'ignore' });
  onTestFinished(async () => {
    execFileSync('umount', ['-l', path]);
    await rm(path, { recursive: true });
  });
  return path;
}

describe('a disk that is full', () => {
  it('is answered with 507, and nothing is left', needs(MOUNTS), async () => {
    const root = await smallDisk();
    const hub = await startHub({ root, writable: true });
    const big = Buffer.alloc(10 * MIB, 1);
    const declared = await put(hub, '/files/f', big).catch(() => undefined);
    expect([507, undefined]).toContain(declared?.status);
    const chunked = { 'transfer-encoding': 'chunked' };
    await put(hub, '/files/f', big, chunked).catch(() => undefined);
    await hub.until('request_completed', ({ bytes }) => bytes > 7 * MIB);
    await expect.poll(() => everything(hub)).toEqual([]);
    const statuses = hub.events.flatMap((e) => (e.event === 'request_completed' ? [e.status] : []));
    expect(statuses).toEqual([507, 507]);
    expect((await put(hub, '/files/f', Buffer.alloc(6 * MIB))).status).toBe(201);
  });
});

describe('a disk that is read-only', () => {
  it('is answered with 403, by PUT and by tus', needs(MOUNTS), async () => {
    const root = await smallDisk();
    execFileSync('mount', ['-o', 'remount,ro', root]);
    const hub = await startHub({ root, writable: true });
    const tus = { 'tus-resumable': '1.0.0', 'upload-length': '3' };
    const created = await hub.ask('/uploads/', { method: 'POST', headers: tus });
    for (const answer of [created, await put(hub, '/files/d/f', 'x')]) {
      expect(answer).toMatchObject({ status: 403, text: 'the file system is read-only\n' });
    }
  });
});

describe('many writers and readers of one name', () => {
  it('each reader gets one whole version', async () => {
    const hub = await startHub({ writable: true });
    const version = (i: number) => Buffer.alloc(100_000 + i * 37_000, i + 1);
    await put(hub, '/files/f', version(0));
    const isWhole = (body: Buffer) => body.length > 0 && body.equals(version(body[0]! - 1));
    const writers = Array.from({ length: 12 }, async (_, i) => {
      const { status } = await put(hub, '/files/f', version(i));
      expect(status).toBe(204);
    });
    let whole = 0;
    const readers = Array.from({ length: 6 }, async () => {
      for (let turn = 0; turn < 8; turn++) {
        const { status, body } = await hub.ask('/files/f');
        // It may be replaced while it is hashed for its tag; no bytes of it are sent then.
        if (status === 503) continue;
        expect(status).toBe(200);
        expect(isWhole(body)).toBe(true);
        whole++;
      }
    });
    await Promise.all([...writers, ...readers]);
    expect(whole).toBeGreaterThan(0);
    expect(await everything(hub)).toEqual(['f']);
  });
});
