// A hub that is a peer, as strangers meet it: a real server and real peers on 127.0.0.1.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aboutHubSchema } from '../../src/api/about-hub.ts';
import { parseCid, rawCid, sha256 } from '../../src/content/cid.ts';
import { openTokenKey } from '../../src/hub/access/token-key.ts';
import { askFiles } from '../../src/peer/calls/files-protocol.ts';
import { fetchManifest } from '../../src/peer/manifest/dag-protocol.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { scratch, startHub, startPeer } from './hub-and-peers.ts';

/** What a stranger that knows the digest is told of the file. */
async function tellsOf(address: string, bytes: string) {
  const { peer } = await startPeer(address);
  const [connection] = peer.node.getConnections();
  const signal = AbortSignal.timeout(20_000);
  const digest = sha256(Buffer.from(bytes));
  const [standing] = await askFiles(connection!, [digest], signal);
  const manifest = fetchManifest(connection!, rawCid(digest), signal);
  const dag = await manifest.then(
    ({ name }) => name,
    ({ message }) => message.replace(/^\S+ /, ''),
  );
  const { dht } = peer.node.services;
  await expect.poll(() => dht.routingTable.size).toBe(1);
  const providers = dht.findProviders(rawCid(digest), { signal });
  let named = 0;
  for await (const event of providers) {
    if (event.name === 'PEER_RESPONSE') named = Math.max(named, event.providers.length);
  }
  return { standing, dag, providers: named };
}

describe('a hub that is a peer', () => {
  it('tells how it is found, and seeds its files under their names', async () => {
    const bytes = randomBytes(300_000);
    const { about, events } = await startHub({ 'a.bin': bytes });
    const { answer, swarm } = await about();
    expect(answer.headers.get('cache-control')).toBe('private, max-age=60');
    expect(swarm!.addresses).toHaveLength(1);
    const { peer, dir } = await startPeer(swarm!.addresses[0]!);
    expect(peer.node.getPeers().map(String)).toEqual([swarm!.peer]);
    const cid = (await fetch(`${new URL('../files/a.bin', answer.url)}`)).headers.get(
      'x-ipfs-roots',
    );
    const path = await peer.get(parseCid('', cid!), {
      out: dir,
      force: false,
      timeoutMs: 20_000,
      signal: AbortSignal.timeout(30_000),
    });
    expect(path).toBe(join(dir, 'a.bin'));
    expect(await readFile(path)).toEqual(bytes);
    // No line of its log for each file.
    expect(events.map(({ event }) => event)).not.toContain('file_provided');
  });

  it('tells a proxy that passes requests on, and strangers behind it, nothing near', async () => {
    const { server } = await startHub({});
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const answer = await fetch(`${server.url}.well-known/hubswarm`, { headers });
    expect(aboutHubSchema.parse(await answer.json()).swarm).toMatchObject({ addresses: [] });
  });

  it('tells of a file that anybody may read, and not of a hidden one', async () => {
    const { about } = await startHub({ open: 'open', '.hidden': 'hidden' });
    const [address] = (await about()).swarm!.addresses;
    // The DHT names a peer once its own addresses are settled.
    await expect
      .poll(() => tellsOf(address!, 'open'), { timeout: 20_000 })
      .toEqual({ standing: 'whole', dag: 'open', providers: 1 });
    const dag = `does not know ${rawCid(sha256(Buffer.from('hidden')))}`;
    expect(await tellsOf(address!, 'hidden')).toEqual({ standing: 'none', dag, providers: 0 });
  });

  it('tells nothing of what a token is needed for', async () => {
    const keyFile = join(await scratch(), 'key');
    await openTokenKey(keyFile);
    const { about, server } = await startHub(
      { f: 'secret' },
      { access: { tokenKeyFiles: [keyFile] } },
    );
    expect((await fetch(`${server.url}files/f`)).status).toBe(401);
    const { swarm } = await about();
    const dag = `does not know ${rawCid(sha256(Buffer.from('secret')))}`;
    expect(await tellsOf(swarm!.addresses[0]!, 'secret')).toEqual({
      standing: 'none',
      dag,
      providers: 0,
    });
  });

  it('lets no address in that may not come by HTTP', async () => {
    const access = { deny: ['127.0.0.1'] };
    const { events } = await startHub({ open: 'open' }, { access });
    const { addresses } = events.find(
      (event) => event.event === 'listening' && event.role === 'peer',
    ) as {
      addresses: string[];
    } & Event;
    const { peer } = await startPeer();
    const joined = peer.discovery.join([addresses[0]!], AbortSignal.timeout(20_000));
    await expect(joined).rejects.toMatchObject({ code: 'ERR_NO_SOURCE' });
  });

  it('takes back what is removed or changed, and gives it again when it is back', async () => {
    const bytes = randomBytes(200_000);
    const hub = await startHub({ a: bytes, b: 'old' });
    const { swarm, answer } = await hub.about();
    const url = new URL('../files/a', answer.url);
    const cid = parseCid('', (await fetch(url)).headers.get('x-ipfs-roots')!);
    const first = await startPeer(swarm!.addresses[0]!);
    await first.peer.get(cid, {
      out: first.dir,
      force: false,
      timeoutMs: 20_000,
      signal: AbortSignal.timeout(30_000),
    });
    await rm(join(hub.dir, 'a'));
    const isTold = (reason: string) => (event: Event) =>
      event.event === 'warned' && event.message === `served no more: a ${reason}`;
    await expect.poll(() => hub.events.some(isTold('was removed or replaced'))).toBe(true);
    expect((await fetch(url)).status).toBe(404);
    await writeFile(join(hub.dir, 'a'), bytes);
    const second = await startPeer(swarm!.addresses[0]!);
    const [connection] = second.peer.node.getConnections();
    const standing = async (digest: Uint8Array) =>
      (await askFiles(connection!, [digest], AbortSignal.timeout(9000)))[0];
    await expect.poll(() => standing(cid.multihash.digest)).toBe('whole');
    await second.peer.get(cid, {
      out: second.dir,
      force: false,
      timeoutMs: 20_000,
      signal: AbortSignal.timeout(30_000),
    });
    expect(await readFile(join(second.dir, 'a'))).toEqual(bytes);
    await writeFile(join(hub.dir, 'b'), 'new');
    await expect.poll(() => standing(sha256(Buffer.from('new')))).toBe('whole');
    expect(await standing(sha256(Buffer.from('old')))).toBe('none');
  });

  it('tells nobody new of what was hidden while a peer had it', async () => {
    const hub = await startHub({ open: 'open' });
    const [address] = (await hub.about()).swarm!.addresses;
    const cid = rawCid(sha256(Buffer.from('open')));
    const { peer, dir: out } = await startPeer(address!);
    const signal = AbortSignal.timeout(30_000);
    await peer.get(cid, { out, force: false, timeoutMs: 20_000, signal });
    await rename(join(hub.dir, 'open'), join(hub.dir, '.open'));
    const told = async () => {
      const { standing, dag } = await tellsOf(address!, 'open');
      return { standing, dag };
    };
    const nothing = { standing: 'none', dag: `does not know ${cid}` };
    await expect.poll(told, { timeout: 20_000 }).toEqual(nothing);
  });

  it('answers for an empty file, and not for a block inside one', async () => {
    const bytes = Buffer.alloc(100_000, 'x');
    const { about } = await startHub({ empty: '', bytes }, { pieceLength: 16 * 1024 });
    const [address] = (await about()).swarm!.addresses;
    expect(await tellsOf(address!, '')).toMatchObject({ standing: 'whole', dag: 'empty' });
    const piece = 'x'.repeat(16 * 1024);
    expect(await tellsOf(address!, piece)).toMatchObject({ standing: 'none' });
  });
});

it('names its own option where the directory cannot be used', async () => {
  const dataDir = join(await scratch(), 'file');
  await writeFile(dataDir, '');
  const failed = startHub({}, {}, { dataDir });
  await expect(failed).rejects.toThrow(/; --swarm-data names another directory$/);
});
