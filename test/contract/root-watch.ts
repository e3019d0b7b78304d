// What the watch of every root that has one keeps to: a part of the contract in root.ts.
import { expect, it, onTestFinished } from 'vitest';
import type { Change, Root, WatchOptions } from '../../src/root/root.ts';
import { type MakeRoot, put, remove } from './root-steps.ts';

async function watched(root: Root, options: Partial<WatchOptions> = {}) {
  const changes: Change[] = [];
  const onChange = (change: Change) => void changes.push(change);
  const onWarning = (message: string) => expect.fail(message);
  const watch = root.watch!({ settleMs: 20, maxWatches: 100, onChange, onWarning, ...options });
  onTestFinished(() => watch.stop());
  await watch.start();
  return { watch, changes };
}

export function watchContract(make: MakeRoot): void {
  it('tells of files that come, change and go, by their names', async () => {
    const root = await make({ 'd/there': Buffer.from('x') });
    const { changes } = await watched(root);
    await put(root, 'd/f', 'one');
    await expect.poll(() => changes.length).toBe(1);
    expect(changes[0]).toMatchObject({
      kind: 'added',
      segments: ['d', 'f'],
      found: { place: ['d', 'f'], version: { kind: 'file', size: 3 } },
    });
    const stamp = await put(root, 'd/f', 'longer');
    await expect.poll(() => changes.length).toBe(2);
    expect(changes[1]).toMatchObject({ kind: 'changed', segments: ['d', 'f'] });
    expect(changes[1]?.found?.version.stamp).toBe(stamp);
    await remove(root, 'd/f');
    await expect.poll(() => changes.length).toBe(3);
    expect(changes[2]).toMatchObject({ kind: 'deleted', segments: ['d', 'f'] });
  });

  it('tells at once of what this process changed, and once', async () => {
    const root = await make({});
    const { watch, changes } = await watched(root, { settleMs: 3_600_000 });
    await put(root, 'f', 'one');
    await watch.handleChanged(['f']);
    await watch.handleChanged(['f']);
    expect(changes.map(({ kind }) => kind)).toEqual(['added']);
    await remove(root, 'f');
    await watch.handleChanged(['f']);
    expect(changes.map(({ kind }) => kind)).toEqual(['added', 'deleted']);
  });

  it('tells nothing once it is stopped', async () => {
    const root = await make({});
    const { watch, changes } = await watched(root);
    watch.stop();
    await put(root, 'f', 'one');
    await watch.handleChanged(['f']);
    expect(changes).toEqual([]);
  });
}
