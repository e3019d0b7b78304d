// Real hubs that are peers, and real peers, on 127.0.0.1.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { aboutHubSchema } from '../../src/api/about-hub.ts';
import { HubPeer, type HubPeerOptions } from '../../src/hybrid/hub-peer.ts';
import { ProcessLink } from '../../src/link/process-link.ts';
import { Peer } from '../../src/peer/peer.ts';
import { DiskRoot } from '../../src/root/disk/disk-root.ts';
import { type ServerOptions, startServer } from '../../src/server/hall/start-server.ts';
import type { Event } from '../../src/telemetry/event.ts';

export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

export async function startHub(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<ServerOptions> = {},
  swarm: Partial<HubPeerOptions> = {},
  fill: (dir: string) => Promise<void> = async () => {},
) {
  const dir = await scratch();
  const dataDir = await scratch();
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(dir, name), bytes);
  await fill(dir);
  const link = new ProcessLink(emit, {});
  let peer: HubPeer | undefined;
  const server = await startServer({
    root: await DiskRoot.at(dir),
    host: '127.0.0.1',
    port: 0,
    link,
    writable: false,
    emit,
    ...options,
    openSwarm: async (context) => {
      const listen = ['/ip4/127.0.0.1/tcp/0'];
      peer = await HubPeer.open({ link, dataDir, listen, joins: [], ...swarm }, context);
      return peer;
    },
  });
  onTestFinished(async () => {
    await server.stop();
    link.close();
  });
  const about = async () => {
    const answer = await fetch(`${server.url}.well-known/hubswarm`);
    return { answer, ...aboutHubSchema.parse(await answer.json()) };
  };
  await expect.poll(() => events.some(({ event }) => event === 'catalogue_completed')).toBe(true);
  return { dir, events, server, about, peer: peer! };
}

export async function startPeer(
  address?: string,
): Promise<{ peer: Peer; events: Event[]; dir: string }> {
  const dir = await scratch();
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const link = new ProcessLink(emit, {});
  const peer = await Peer.start({ dataDir: join(dir, 'data'), link, emit, joins: [] });
  onTestFinished(async () => {
    await peer.stop();
    link.close();
  });
  if (address) await peer.join([address], AbortSignal.timeout(20_000));
  return { peer, events, dir };
}
