// Many sources that do not answer, and one that does.
import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { importPath } from '../../../src/disk/import/import.ts';
import { Discovery } from '../../../src/peer/discovery/discovery.ts';
import { serveDag } from '../../../src/peer/manifest/dag-protocol.ts';
import { searchManifest } from '../../../src/peer/manifest/manifest-search.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

it('a manifest is found beside eight peers that take the question and say nothing', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-manifest-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'file');
  await writeFile(file, randomBytes(300_000));
  const { manifest, dag, name } = await importPath(file);
  const node = await startNode();
  const clock = new VirtualClock();
  const discovery = new Discovery(node, clock);
  cleanups.unshift(() => discovery.stop());
  let askedInVain = 0;
  let givenUp = 0;
  for (let i = 0; i < 8; i++) {
    const silent = await startNode();
    await silent.handle('/hubswarm/dag/1.0.0', (stream) => {
      askedInVain++;
      stream.addEventListener('close', () => givenUp++);
    });
    await node.dial(silent.getMultiaddrs());
  }
  const search = searchManifest(
    { node, discovery, clock },
    manifest.root,
    AbortSignal.timeout(15_000),
  );
  const honest = await startNode();
  let givenUpBefore: number | undefined;
  await serveDag(honest, () => {
    givenUpBefore ??= givenUp;
    return { dag, name };
  });
  await expect.poll(() => askedInVain).toBe(8);
  await node.dial(honest.getMultiaddrs());
  await clock.advance(1499);
  expect(givenUpBefore).toBeUndefined();
  // After 1.5 s the eight hold up nobody; after 2 s it is asked again.
  await clock.advance(501);
  expect((await search).manifest.root.equals(manifest.root)).toBe(true);
  // Each of the eight times out after 10 s: none is waited for.
  expect(givenUpBefore).toBe(0);
});

it('a search that asks again and again keeps nothing of the answers', async () => {
  const node = await startNode();
  const clock = new VirtualClock();
  const discovery = new Discovery(node, clock);
  cleanups.unshift(() => discovery.stop());
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  cleanups.unshift(async () => void process.off('warning', note));
  const { root } = (await importPath(new URL(import.meta.url).pathname)).manifest;
  let asked = 0;
  // More than the listeners of one signal that Node.js takes for a leak.
  for (let i = 0; i < 12; i++) {
    const ignorant = await startNode();
    await serveDag(ignorant, () => void asked++);
    await node.dial(ignorant.getMultiaddrs());
  }
  const stop = new AbortController();
  const search = searchManifest({ node, discovery, clock }, root, stop.signal);
  const ended = search.catch((error: Error) => error.message);
  const askedAfterASecond = async (): Promise<number> => {
    await clock.advance(1000);
    return asked;
  };
  await expect.poll(askedAfterASecond, { timeout: 10_000 }).toBeGreaterThan(3 * 12);
  expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(2);
  stop.abort(new Error('enough'));
  expect(await ended).toBe('enough');
  expect(warnings).toEqual([]);
});
