// What the unfinished uploads of every root keep to: a part of the contract in root.ts.
import { expect, it } from 'vitest';
import { readFully } from '../../src/root/opened.ts';
import type { Draft, Root, Segments } from '../../src/root/root.ts';
import { contentOf, listed, type MakeRoot, remove } from './root-steps.ts';

const ID = '0123456789abcdef0123456789abcdef';
const OTHER = 'fedcba9876543210fedcba9876543210';
const TARGET = ['d', 'f'];

/** One that is to become `TARGET`, with these bytes. */
async function upload(root: Root, text: string): Promise<void> {
  await root.unfinished.create(ID, TARGET);
  await root.unfinished.setRecord(ID, '{}');
  const data = await root.unfinished.open(ID);
  await data.write([Buffer.from(text)], 0);
  await data.sync();
  await data.close();
}

async function withDraft<T>(
  root: Root,
  target: Segments,
  body: (draft: Omit<Draft, 'write'> | undefined) => Promise<T>,
): Promise<T> {
  const directory = await root.parentOf(target, true);
  const draft = await directory.draftOf(ID, target.at(-1)!);
  try {
    return await body(draft);
  } finally {
    await draft?.close();
    await directory.close();
  }
}

export function unfinishedContract(make: MakeRoot): void {
  it('keeps bytes and record of each under its id', async () => {
    const { unfinished } = await make({});
    expect(await unfinished.ids()).toEqual([]);
    await unfinished.create(ID, TARGET);
    await unfinished.create(OTHER, undefined);
    expect([...(await unfinished.ids())].sort()).toEqual([ID, OTHER]);
    expect(await unfinished.record(ID)).toBeUndefined();
    expect(await unfinished.dataBytes(ID)).toBe(0);
    await unfinished.setRecord(ID, 'one');
    await unfinished.setRecord(ID, 'two');
    expect(await unfinished.record(ID)).toBe('two');
    expect(await unfinished.record(OTHER)).toBeUndefined();
    expect(await unfinished.changedMs(ID)).toBeGreaterThan(0);
    await unfinished.remove(ID);
    expect(await unfinished.ids()).toEqual([OTHER]);
    expect(await unfinished.record(ID)).toBeUndefined();
    expect(await unfinished.dataBytes(ID)).toBeUndefined();
    await expect(unfinished.open(ID)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  it('appends to what came before, and drops what does not count', async () => {
    const root = await make({});
    await upload(root, 'hello ');
    const data = await root.unfinished.open(ID);
    expect(await data.size()).toBe(6);
    await data.write([Buffer.from('wor'), Buffer.from('ld!!')], 6);
    await data.truncate(11);
    await data.sync();
    expect(await data.size()).toBe(11);
    const bytes = Buffer.alloc(11);
    await readFully(data, bytes, 0);
    expect(bytes.toString()).toBe('hello world');
    expect(await data.read(bytes, 11)).toBe(0);
    await data.close();
    expect(await root.unfinished.dataBytes(ID)).toBe(11);
  });

  it('has one writer at a time', async () => {
    const { unfinished } = await make({});
    await unfinished.create(ID, TARGET);
    const lock = await unfinished.lock(ID);
    expect(lock?.lost.aborted).toBe(false);
    expect(await unfinished.lock(ID)).toBeUndefined();
    await lock?.release();
    const next = await unfinished.lock(ID);
    expect(next).toBeDefined();
    await next?.release();
    await expect(unfinished.lock(OTHER)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  it('gives its bytes the name, once; the record stays', async () => {
    const root = await make({});
    await upload(root, 'hello');
    await withDraft(root, TARGET, async (draft) => {
      expect(draft?.place).toEqual(TARGET);
      expect(await listed(root, 'd')).toEqual([]);
      expect(await draft?.publish(undefined)).toMatchObject({ kind: 'file', size: 5 });
    });
    expect(await contentOf(root, 'd/f')).toBe('hello');
    expect(await root.unfinished.dataBytes(ID)).toBeUndefined();
    expect(await root.unfinished.record(ID)).toBe('{}');
    await withDraft(root, TARGET, async (draft) => expect(draft).toBeUndefined());
    await root.unfinished.remove(ID);
    expect(await contentOf(root, 'd/f')).toBe('hello');
  });

  it('keeps its bytes when the name is refused', async () => {
    const root = await make({ 'd/f': Buffer.from('there') });
    await upload(root, 'hello');
    await withDraft(root, TARGET, async (draft) => {
      const refused = { code: 'ERR_PRECONDITION' };
      await expect(draft?.publish('absent')).rejects.toMatchObject(refused);
    });
    expect(await contentOf(root, 'd/f')).toBe('there');
    expect(await root.unfinished.dataBytes(ID)).toBe(5);
    await remove(root, 'd/f');
    await withDraft(root, TARGET, async (draft) =>
      expect(await draft?.publish('absent')).toBeDefined(),
    );
    expect(await contentOf(root, 'd/f')).toBe('hello');
  });

  it('is told when there is no room', async () => {
    const { unfinished } = await make({});
    await unfinished.checkRoom(1);
    const tooMuch = unfinished.checkRoom(Number.MAX_SAFE_INTEGER);
    await expect(tooMuch).rejects.toMatchObject({ code: 'ERR_DISK_FULL' });
  });

  it('is seen by nobody, and counts for nothing that is stored', async () => {
    const root = await make({ 'd/f': Buffer.from('1234567'), g: Buffer.from('123') });
    await upload(root, 'hello');
    expect((await listed(root, '')).map(({ name }) => name)).toEqual(['d', 'g']);
    expect(await root.storedBytes()).toBe(10);
    await withDraft(root, TARGET, async (draft) => void (await draft?.publish(undefined)));
    expect(await root.storedBytes()).toBe(8);
  });
}
