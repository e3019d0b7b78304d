// The files of a hub as its peer sees them: a real directory, root and catalogue.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Catalogue, type FileEntry } from '../../src/hub/catalogue/catalogue.ts';
import { Changes } from '../../src/hybrid/changes.ts';
import { HubContent, type HubContentInit } from '../../src/hybrid/hub-content.ts';
import { DiskRoot } from '../../src/root/disk/disk-root.ts';
import { openFile, withOpen } from '../../src/root/opened.ts';
import type { Located } from '../../src/root/root.ts';
import { systemClock } from '../../src/runtime/clock.ts';

export const PIECE = 16 * 1024;

export async function openHub(init: Partial<HubContentInit> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
  const ending = new AbortController();
  onTestFinished(async () => {
    ending.abort();
    await rm(dir, { recursive: true });
  });
  const root = await DiskRoot.at(dir);
  const catalogue = new Catalogue({ root, pieceLength: PIECE, signal: ending.signal });
  const came: string[] = [];
  const gone: string[] = [];
  const content = new HubContent({
    mayTell: () => true,
    clock: systemClock,
    onCame: (cid) => came.push(cid.toString()),
    onGone: (cid) => gone.push(cid.toString()),
    onFull: () => {},
    ...init,
  });
  const changes = new Changes(catalogue, content);
  const locate = (name: string): Promise<Located> =>
    withOpen(openFile(root, name.split('/')), async ({ place, version }) => ({ place, version }));
  const learn = async (name: string): Promise<FileEntry> => {
    const found = await locate(name);
    await catalogue.entryOf(found);
    return catalogue.known(found)!;
  };
  const write = async (name: string, bytes: string | Uint8Array): Promise<FileEntry> => {
    await writeFile(join(dir, name), bytes);
    return learn(name);
  };
  return { dir, catalogue, content, changes, came, gone, locate, learn, write };
}
