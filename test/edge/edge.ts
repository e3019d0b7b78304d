// A real edge in front of a real hub, both in this process.
import { randomBytes } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EdgeOptions, openEdge } from '../../src/edge/open-edge.ts';
import { type Hub, type HubOptions, startHub, tempRoot } from '../server/hub.ts';

const MIB = 2 ** 20;

interface EdgeSettings extends Partial<Omit<EdgeOptions, 'url'>> {
  readonly server?: HubOptions;
}

/** @param origin a hub, or a URL. */
export async function startEdge(
  origin: Hub | string,
  { server = {}, ...settings }: EdgeSettings = {},
): Promise<Hub> {
  const url = new URL(typeof origin === 'string' ? origin : origin.running.url);
  const directory = settings.directory ?? (await tempRoot());
  const options = { sizeBytes: 1024 * MIB, ttlMs: 0, patienceMs: 5000, ...settings };
  return startHub({
    ...server,
    // Empty: what an edge serves is not below it.
    root: await tempRoot(),
    openIntermediary: (context) => openEdge({ ...options, url, directory }, context),
  });
}

/** Random bytes as a file of the hub; its CID is known before anybody asks. */
export async function share(hub: Hub, name: string, length: number): Promise<Buffer> {
  const bytes = randomBytes(length);
  const path = join(hub.root, name);
  await writeFile(path, bytes);
  // A date is given once its second is over.
  await utimes(path, 1000, 1000);
  await hub.ask(`/files/${name.split('/').map(encodeURIComponent).join('/')}`, { method: 'HEAD' });
  return bytes;
}
