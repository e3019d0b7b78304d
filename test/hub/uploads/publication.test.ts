// Publications and removals of a hub without a face: conditions as any face may make them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/hub/access/access.ts';
import type { Caller } from '../../../src/hub/access/caller.ts';
import { Catalogue } from '../../../src/hub/catalogue/catalogue.ts';
import type { Condition, Current } from '../../../src/hub/uploads/condition.ts';
import { finishUpload } from '../../../src/hub/uploads/finish-upload.ts';
import { publish } from '../../../src/hub/uploads/publication.ts';
import { remove } from '../../../src/hub/uploads/removal.ts';
import { Uploads } from '../../../src/hub/uploads/uploads.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import { withOpen } from '../../../src/root/opened.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { tempRoot } from '../../server/hub.ts';

const caller: Caller = {
  rights: undefined,
  credential: undefined,
  page: undefined,
  isPassedOn: false,
};
const remote = '192.0.2.1';

async function openHub() {
  const path = await tempRoot();
  const root = await DiskRoot.at(path);
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const ending = new AbortController();
  const catalogue = new Catalogue({ root, signal: ending.signal });
  const access = await Access.open({}, { host: '127.0.0.1', writable: true, tls: 'none', emit });
  onTestFinished(async () => {
    ending.abort();
    await access.close();
  });
  const uploads = await Uploads.open(root, { quotaBytes: 1000 }, emit);
  const hub = { root, catalogue, access, uploads, emit };
  const put = (name: string, text: string, condition?: Condition) =>
    withOpen(root.parentOf([name], true), (directory) =>
      withOpen(directory.draft(name), async (draft) => {
        await draft.write([Buffer.from(text)], 0);
        return publish(hub, { segments: [name], draft, condition, remote, hashed: {} });
      }),
    );
  const removeName = (name: string, condition?: Condition, ofDirectory = false) =>
    remove(hub, { segments: [name], ofDirectory, condition, caller, remote });
  return { path, hub, events, put, removeName };
}

/** One that keeps what it was shown. */
function condition(holds: (current: Current | undefined) => boolean, comparesCid = false) {
  const seen: (Current | undefined)[] = [];
  const judge = (current: Current | undefined): boolean => {
    seen.push(current);
    return holds(current);
  };
  return { seen, comparesCid, holds: judge };
}

describe('a publication', () => {
  it('is bound to what has the name at that moment', async () => {
    const { path, events, put } = await openHub();
    const absent = condition((current) => current === undefined);
    const made = await put('f', 'one', absent);
    expect(made.replaced).toBe(false);
    await expect(put('f', 'two', absent)).rejects.toMatchObject({
      code: 'ERR_PRECONDITION',
      message: 'the file is not that version',
    });
    expect(absent.seen.map((current) => current?.version.size)).toEqual([undefined, 3]);
    const present = condition((current) => current !== undefined);
    await expect(put('g', 'two', present)).rejects.toMatchObject({
      code: 'ERR_PRECONDITION',
      message: 'there is no such file',
    });
    expect((await put('f', 'three', present)).replaced).toBe(true);
    expect(await readFile(join(path, 'f'), 'utf8')).toBe('three');
    expect(await readdir(path)).toEqual(['f']);
    expect(events).toEqual([
      { event: 'file_stored', path: 'f', bytes: 3, remote },
      { event: 'file_stored', path: 'f', bytes: 5, remote },
    ]);
  });

  it('shows a condition the CID where it compares CIDs, and hashes nothing otherwise', async () => {
    const { path, hub, put } = await openHub();
    await writeFile(join(path, 'f'), 'one');
    const dated = condition(() => false);
    await expect(put('f', 'two', dated)).rejects.toMatchObject({ code: 'ERR_PRECONDITION' });
    expect(dated.seen[0]?.cid).toBeUndefined();
    expect(hub.catalogue.size).toBe(0);
    const tagged = condition(() => false, true);
    await expect(put('f', 'two', tagged)).rejects.toMatchObject({ code: 'ERR_PRECONDITION' });
    expect(tagged.seen[0]?.cid).toMatch(/^baf/);
  });

  it('replaces no other version than the one that was judged', async () => {
    const { path, put } = await openHub();
    await put('f', 'one');
    // Another program writes between the judgement and the rename.
    const racing = condition(() => {
      writeFileSync(join(path, 'f'), 'longer than before');
      return true;
    });
    await expect(put('f', 'two', racing)).rejects.toMatchObject({ code: 'ERR_PRECONDITION' });
    expect(await readFile(join(path, 'f'), 'utf8')).toBe('longer than before');
    const created = condition(() => {
      writeFileSync(join(path, 'g'), 'theirs');
      return true;
    });
    await expect(put('g', 'ours', created)).rejects.toMatchObject({ code: 'ERR_PRECONDITION' });
    expect(await readFile(join(path, 'g'), 'utf8')).toBe('theirs');
  });

  it('counts what it stores against the quota, and what it replaces no more', async () => {
    const { hub, put, removeName } = await openHub();
    await put('f', 'x'.repeat(100));
    expect(hub.uploads.quota.usedBytes).toBe(100);
    await put('f', 'x'.repeat(30));
    expect(hub.uploads.quota.usedBytes).toBe(30);
    await removeName('f');
    expect(hub.uploads.quota.usedBytes).toBe(0);
  });
});

describe('a removal', () => {
  it('is bound to what has the name, a directory too', async () => {
    const { path, events, put, removeName } = await openHub();
    await put('f', 'one');
    const never = condition(() => false, true);
    await expect(removeName('f', never)).rejects.toMatchObject({ code: 'ERR_PRECONDITION' });
    expect(never.seen[0]).toMatchObject({ version: { kind: 'file', size: 3 } });
    expect(never.seen[0]?.cid).toMatch(/^baf/);
    await expect(removeName('f', undefined, true)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await removeName('f');
    mkdirSync(join(path, 'd'));
    const other = condition(() => false, true);
    await expect(removeName('d', other)).rejects.toMatchObject({
      code: 'ERR_PRECONDITION',
      message: 'a directory has no version',
    });
    expect(other.seen[0]).toMatchObject({ version: { kind: 'directory' }, cid: undefined });
    await removeName('d', undefined, true);
    expect(await readdir(path)).toEqual([]);
    expect(events.filter(({ event }) => event === 'file_deleted')).toEqual([
      { event: 'file_deleted', path: 'f', remote },
      { event: 'file_deleted', path: 'd', remote },
    ]);
  });

  it('takes no root, and nothing from a caller that may not delete', async () => {
    const { hub, put, removeName } = await openHub();
    await put('f', 'one');
    const root = { segments: [], ofDirectory: true, condition: undefined, caller, remote };
    await expect(remove(hub, root)).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    const page = { ...caller, page: 'https://evil.example' };
    const asked = { ...root, segments: ['f'], ofDirectory: false, caller: page };
    await expect(remove(hub, asked)).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    await removeName('f');
  });
});

describe('the end of an upload that came in several requests', () => {
  async function uploaded(name: string, text: string) {
    const made = await openHub();
    const store = made.hub.uploads.unfinished;
    const facts = {
      length: text.length,
      metadata: null,
      concat: null,
      owner: null,
      client: '',
      conditions: {},
    };
    const upload = await store.create({ ...facts, named: [name] });
    await withOpen(store.open(upload), (data) => data.write([Buffer.from(text)], 0));
    return { ...made, store, upload: { ...upload, offset: text.length } };
  }

  it('gives its bytes their name, and the record says so', async () => {
    const { path, hub, store, upload } = await uploaded('f', 'hello');
    const finish = { condition: undefined, remote, hashed: {} };
    const { upload: done, entry } = await finishUpload(hub, upload, finish);
    expect(done.record.state).toBe('published');
    expect(entry?.cid).toMatch(/^baf/);
    expect(await readFile(join(path, 'f'), 'utf8')).toBe('hello');
    expect((await store.load(upload.id)).record.state).toBe('published');
    // Asked again by a client that lost the answer: it was published.
    expect((await finishUpload(hub, done, finish)).entry).toBeUndefined();
  });

  it('removes an upload whose condition does not hold', async () => {
    const { path, hub, store, upload } = await uploaded('f', 'hello');
    await writeFile(join(path, 'f'), 'there');
    const absent = condition((current) => current === undefined);
    const finish = { condition: absent, remote, hashed: {} };
    const refused = { code: 'ERR_PRECONDITION' };
    await expect(finishUpload(hub, upload, finish)).rejects.toMatchObject(refused);
    await expect(store.load(upload.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(await readFile(join(path, 'f'), 'utf8')).toBe('there');
  });
});
