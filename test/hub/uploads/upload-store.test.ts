import { afterAll, describe, expect, it, vi } from 'vitest';
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

  it('that is over removes it', async () => {
    const { unfinished } = await stored(-1);
    expect(await unfinished.ids()).toEqual([]);
  });
});

it('gives the room of an upload that only promised bytes to others, and asks for it again', async () => {
  const { unfinished } = await DiskRoot.at(await tempDir());
  const quota = new Quota(1000, 0);
  const store = new UploadStore({ unfinished, quota, expireMs: EXPIRE_MS, emit: () => undefined });
  const facts = { metadata: null, concat: null, owner: null, conditions: {}, named: ['f'] };
  const promised = await store.create({ ...facts, length: 1000 });
  await store.takeUp();
  expect(quota.usedBytes).toBe(1000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  try {
    const writing = await store.lock(promised.id);
    await store.takeUp();
    expect(quota.usedBytes).toBe(1000);
    await writing.release();
    await store.takeUp();
    expect(quota.usedBytes).toBe(0);
    const other = quota.reserve(1);
    await expect(store.begin(promised, false)).rejects.toMatchObject({ code: 'ERR_QUOTA' });
    other.release();
    await store.begin(promised, false);
    expect(quota.usedBytes).toBe(1000);
  } finally {
    vi.useRealTimers();
  }
});
