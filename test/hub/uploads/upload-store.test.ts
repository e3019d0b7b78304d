import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Quota } from '../../../src/hub/uploads/quota.ts';
import { UploadStore } from '../../../src/hub/uploads/upload-store.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import { removeTempDirs, tempDir } from '../../client/hub.ts';

afterAll(removeTempDirs);
const EXPIRE_MS = 24 * 3_600_000;

async function stored(leftMs: number) {
  const { unfinished } = await DiskRoot.at(await tempDir());
  const quota = new Quota(Number.POSITIVE_INFINITY, 0);
  const store = new UploadStore({ unfinished, quota, expireMs: EXPIRE_MS, emit: () => undefined });
  const facts = {
    length: 5,
    metadata: null,
    concat: null,
    owner: null,
    client: '',
    conditions: {},
    named: ['f'],
  };
  const { id, record } = await store.create(facts);
  const text = JSON.stringify({ ...record, expiresMs: Date.now() + leftMs });
  await unfinished.setRecord(id, text);
  await store.takeUp();
  return { unfinished, id, store };
}

describe('the expiry of an unfinished upload', () => {
  it('that lies further ahead than any is moved to now and the usual time', async () => {
    const { id, store } = await stored(1000 * EXPIRE_MS);
    const { record } = await store.load(id);
    const leftMs = record.expiresMs - Date.now();
    expect(leftMs).toBeLessThanOrEqual(EXPIRE_MS);
    expect(leftMs).toBeGreaterThan(EXPIRE_MS / 2);
  });

  it('that lies ahead as usual stays', async () => {
    const { id, store, unfinished } = await stored(EXPIRE_MS / 2);
    const { record } = await store.load(id);
    expect(record.expiresMs - Date.now()).toBeLessThanOrEqual(EXPIRE_MS / 2);
    expect(await unfinished.ids()).toEqual([id]);
  });

  it.each([1000, 0.9, -1000])('outlives a clock that is set by %d days', async (days) => {
    const { id, store, unfinished } = await stored(EXPIRE_MS / 2);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * EXPIRE_MS });
    try {
      expect((await store.load(id)).id).toBe(id);
      await store.takeUp();
      expect(await unfinished.ids()).toEqual([id]);
      // What is stored is sane by the new clock, for the process after this one.
      const { record } = await store.load(id);
      expect(record.expiresMs - Date.now()).toBeGreaterThan(0);
      const quota = new Quota(Number.POSITIVE_INFINITY, 0);
      const options = { unfinished, quota, expireMs: EXPIRE_MS, emit: () => undefined };
      await new UploadStore(options).takeUp();
      expect(await unfinished.ids()).toEqual([id]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('comes by the time that passed, whatever the clock says', async () => {
    const { id, store, unfinished } = await stored(EXPIRE_MS / 2);
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      vi.advanceTimersByTime(EXPIRE_MS);
      await expect(store.load(id)).rejects.toMatchObject({ code: 'ERR_EXPIRED' });
      expect(await unfinished.ids()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is over removes it', async () => {
    const { unfinished } = await stored(-1);
    expect(await unfinished.ids()).toEqual([]);
  });
});

describe('the share of a quota that an unfinished upload has', () => {
  const KIB = 1024;
  const facts = {
    metadata: null,
    concat: null,
    owner: null,
    client: '',
    conditions: {},
    named: ['f'],
  };

  async function limited(limitBytes: number) {
    const { unfinished } = await DiskRoot.at(await tempDir());
    const quota = new Quota(limitBytes, 0);
    const options = { unfinished, quota, expireMs: EXPIRE_MS, emit: () => undefined };
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    return { unfinished, quota, store: new UploadStore(options), options };
  }

  it('is what came, once it only promised bytes, and is asked for again', async () => {
    const { quota, store } = await limited(1000);
    const promised = await store.create({ ...facts, length: 1000 });
    await store.takeUp();
    expect(quota.usedBytes).toBe(1000);
    vi.advanceTimersByTime(61_000);
    // A writer without a byte holds no more than one that left.
    const writing = await store.lock(promised.id);
    await store.takeUp();
    expect(quota.usedBytes).toBe(0);
    await writing.release();
    const other = quota.reserve(1);
    await expect(store.begin(promised, false)).rejects.toMatchObject({ code: 'ERR_QUOTA' });
    other.release();
    await store.begin(promised, false);
    expect(quota.usedBytes).toBe(1000);
  });

  it('is not held by a byte now and then, in as many requests as come', async () => {
    const { quota, store } = await limited(2 ** 30);
    let upload = await store.create({ ...facts, length: 2 ** 30 });
    expect(() => quota.reserve(1)).toThrow('no room');
    for (let byte = 1; byte <= 6; byte++) {
      vi.advanceTimersByTime(20_000);
      upload = await store.begin(upload, false);
      const data = await store.open(upload);
      await data.write([Buffer.of(1)], byte - 1);
      await data.close();
      store.cover(upload.id, byte);
      upload = { ...upload, offset: byte };
      await store.takeUp();
    }
    // The next request may have as much as renews the promise, and that is all.
    await store.begin(upload, false);
    expect(quota.usedBytes).toBeLessThanOrEqual(6 + 256 * KIB);
    quota.reserve(2 ** 29).release();
  });

  it('is the whole length while bytes keep a pace, and again once they do', async () => {
    const { quota, store } = await limited(100 * 2 ** 20);
    const length = 50 * 2 ** 20;
    const upload = await store.create({ ...facts, length });
    const data = await store.open(upload);
    onTestFinished(() => data.close());
    for (let come = 1; come <= 5; come++) {
      vi.advanceTimersByTime(50_000);
      await data.write([Buffer.alloc(256 * KIB)], (come - 1) * 256 * KIB);
      store.cover(upload.id, come * 256 * KIB);
      await store.takeUp();
      expect(quota.usedBytes).toBe(length);
    }
    vi.advanceTimersByTime(61_000);
    await store.takeUp();
    expect(quota.usedBytes).toBe(5 * 256 * KIB);
    store.cover(upload.id, 6 * 256 * KIB - 1);
    expect(quota.usedBytes).toBe(6 * 256 * KIB - 1);
    store.cover(upload.id, 6 * 256 * KIB);
    expect(quota.usedBytes).toBe(length);
  });

  it('is known to another process over the same root, by what came and when', async () => {
    const { options, store } = await limited(1000);
    await store.create({ ...facts, length: 600 });
    const later = async () => {
      const quota = new Quota(1000, 0);
      await new UploadStore({ ...options, quota }).takeUp();
      return quota.usedBytes;
    };
    expect(await later()).toBe(600);
    vi.advanceTimersByTime(61_000);
    expect(await later()).toBe(0);
  });

  it('of a length that is declared late is refused where others have the room', async () => {
    const { quota, store } = await limited(1000);
    const upload = await store.create({ ...facts, length: null });
    const other = quota.reserve(900);
    await expect(store.declare(upload, 101)).rejects.toMatchObject({ code: 'ERR_QUOTA' });
    other.release();
    expect((await store.declare(upload, 1000)).record.length).toBe(1000);
    expect(quota.usedBytes).toBe(1000);
  });
});

describe('a table of uploads that is full', () => {
  const from = (client: string) => ({
    ...{ length: 5, metadata: null, concat: null, owner: null, conditions: {} },
    client,
    named: [client],
  });

  async function fullStore(clients: readonly string[]) {
    const { unfinished } = await DiskRoot.at(await tempDir());
    const quota = new Quota(Number.POSITIVE_INFINITY, 0);
    const most = clients.length;
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const options = { unfinished, quota, expireMs: EXPIRE_MS, most, emit: () => undefined };
    const store = new UploadStore(options);
    const ids: string[] = [];
    for (const client of clients) ids.push((await store.create(from(client))).id);
    return { unfinished, store, ids };
  }

  it('refuses another while bytes may still come for all', async () => {
    const { store, unfinished } = await fullStore(['a', 'a', 'a', 'b']);
    await expect(store.create(from('c'))).rejects.toMatchObject({ code: 'ERR_BUSY' });
    expect(await unfinished.ids()).toHaveLength(4);
  });

  it.each(['c', 'b', 'a'])('makes room for %s by what the fullest left alone', async (client) => {
    const { store, unfinished, ids } = await fullStore(['b', 'a', 'a', 'a']);
    vi.advanceTimersByTime(61_000);
    store.cover(ids[1]!, 1);
    await store.create(from(client));
    const left = await unfinished.ids();
    expect(left).toHaveLength(4);
    expect(left).toEqual(expect.arrayContaining([ids[0], ids[1], ids[3]]));
  });

  it('leaves what is written to', async () => {
    const { store, unfinished, ids } = await fullStore(['a', 'a']);
    const locks = [await store.lock(ids[0]!), await store.lock(ids[1]!)];
    vi.advanceTimersByTime(61_000);
    await expect(store.create(from('b'))).rejects.toMatchObject({ code: 'ERR_BUSY' });
    expect([...(await unfinished.ids())].sort()).toEqual(ids.toSorted());
    for (const lock of locks) await lock.release();
  });
});
