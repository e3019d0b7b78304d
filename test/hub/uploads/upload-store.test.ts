import { afterAll, describe, expect, it } from 'vitest';
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
  const facts = { length: 5, metadata: null, concat: null, conditions: {}, named: ['f'] };
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
