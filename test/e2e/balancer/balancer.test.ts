// Real balancers with the configuration that the command makes, in front of three
// hubs over one root. What each hub was asked is read from its own events.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../src/balance/check-config.ts';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, sha256, start } from '../binary.ts';
import { PROGRAMS, startBalancer } from './balancers.ts';

const MIB = 2 ** 20;

interface Replica {
  readonly server: Running;
  /** Ends in a slash. */
  readonly url: string;
}

async function startReplicas(root: string, ...args: string[]): Promise<Replica[]> {
  const servers = [1, 2, 3].map(() =>
    start(['server', '--json', '--root', root, '--port', '0', ...args]),
  );
  return Promise.all(
    servers.map(async (server) => ({
      server,
      url: (await server.until('listening')).addresses[0]!,
    })),
  );
}

async function balance(program: Program, replicas: readonly Replica[], ...args: string[]) {
  const urls = replicas.map(({ url }) => url);
  const balancer = await startBalancer(program, urls, ...args);
  for (const { server } of replicas) server.events.length = 0;
  return balancer;
}

/** A request over a connection of its own. */
function get(url: string, localAddress = '127.0.0.1'): Promise<{ status: number; etag: string }> {
  return new Promise((resolve, reject) => {
    httpGet(url, { agent: false, localAddress }, (response) => {
      response.resume();
      const { statusCode: status = 0, headers } = response;
      response.on('end', () => resolve({ status, etag: String(headers.etag) }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** How many requests for that path each replica ended. */
const counts = (replicas: readonly Replica[], path: string): number[] =>
  replicas.map(
    ({ server }) =>
      server.events.filter((event) => event.event === 'request_completed' && event.path === path)
        .length,
  );

/** Events come up to 5 ms after the answer, and through a pipe. */
async function untilCounted(replicas: readonly Replica[], path: string, total: number) {
  while (counts(replicas, path).reduce((sum, count) => sum + count) < total) await delay(5);
  return counts(replicas, path);
}

/** The replica that is sending a body. */
async function sender(replicas: readonly Replica[], bytes = MIB): Promise<Replica> {
  return Promise.any(
    replicas.map(async (replica) => {
      await replica.server.until('link_counted', ({ sentBytes }) => sentBytes >= bytes);
      return replica;
    }),
  );
}

async function smallRoot(): Promise<string> {
  const root = await scratch();
  await writeFile(join(root, 'a'), 'hello');
  return root;
}

for (const program of PROGRAMS) {
  describe(`${program} before three hubs`, needs(program), () => {
    it('takes turns, and every hub gives the same ETag', async () => {
      const replicas = await startReplicas(await smallRoot());
      const { url } = await balance(program, replicas, '--policy', 'round-robin');
      const answers = [];
      for (let i = 0; i < 12; i++) answers.push(await get(`${url}files/a`));
      expect(new Set(answers.map(({ etag }) => etag)).size).toBe(1);
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(await untilCounted(replicas, '/files/a', 12)).toEqual([4, 4, 4]);
      // nginx gives an idle connection up after 10 s: before the hub does.
      const kept = await fetch(`${replicas[0]!.url}readyz`);
      expect(
        Number(/timeout=(\d+)/.exec(kept.headers.get('keep-alive') ?? '')?.[1]),
      ).toBeGreaterThan(10);
    });

    it('gives nothing new to the hub that is busy, by least-connections', async () => {
      const root = await smallRoot();
      await randomFile(join(root, 'big'), 8 * MIB);
      const replicas = await startReplicas(root, '--uplink', '1MiB/s');
      const { url } = await balance(program, replicas, '--policy', 'least-connections');
      const abort = new AbortController();
      const download = await fetch(`${url}files/big`, { signal: abort.signal });
      const busy = replicas.indexOf(await sender(replicas, MIB / 8));
      for (let i = 0; i < 6; i++) expect((await get(`${url}files/a`)).status).toBe(200);
      const asked = await untilCounted(replicas, '/files/a', 6);
      abort.abort();
      await download.body?.cancel().catch(() => undefined);
      expect(asked[busy]).toBe(0);
    });

    it('keeps an address at its hub, and spreads addresses, by ip-hash', async () => {
      const replicas = await startReplicas(await smallRoot());
      const { url } = await balance(program, replicas, '--policy', 'ip-hash');
      const hubs = new Set<number>();
      for (let host = 1; host <= 16; host++) {
        const before = counts(replicas, '/files/a');
        for (let i = 0; i < 3; i++) await get(`${url}files/a`, `127.0.0.${host}`);
        const after = await untilCounted(replicas, '/files/a', 3 * host);
        const asked = after.map((count, index) => count - before[index]!);
        expect([...asked].sort()).toEqual([0, 0, 3]);
        hubs.add(asked.indexOf(3));
      }
      expect(hubs.size).toBeGreaterThan(1);
    });

    it('ends a download right whose hub is killed in the middle', async () => {
      const root = await scratch();
      const source = await randomFile(join(root, 'big'), 16 * MIB);
      const replicas = await startReplicas(root, '--uplink', '8MiB/s');
      // Each knows its CID, so that none has to hash first.
      for (const { url } of replicas) await fetch(`${url}files/big`, { method: 'HEAD' });
      const { url } = await balance(program, replicas);
      const target = join(await scratch(), 'got');
      const client = start(['client', 'get', '--json', `${url}files/big`, '-o', target]);
      const victim = await sender(replicas);
      await victim.server.end('SIGKILL');
      expect(await client.exit).toBe(0);
      expect(await sha256(target)).toBe(await sha256(source));
      const retried = client.events.filter(({ event }) => event === 'source_retried');
      expect(retried.length).toBeGreaterThan(0);
      const parts = replicas.flatMap(({ server }) =>
        server.events.filter(
          (event) => event.event === 'request_completed' && event.status === 206,
        ),
      );
      expect(parts.length).toBeGreaterThan(0);
    });

    it('hides a hub that is killed while nobody asks it', async () => {
      const replicas = await startReplicas(await smallRoot());
      const { url } = await balance(program, replicas);
      for (let i = 0; i < 3; i++) await get(`${url}files/a`);
      await replicas[1]!.server.end('SIGKILL');
      const answers = await Promise.all(Array.from({ length: 12 }, () => get(`${url}files/a`)));
      expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    });

    it('loses no request when a hub is stopped in the middle of many', async () => {
      const replicas = await startReplicas(await smallRoot(), '--drain-delay', '4');
      const { url } = await balance(program, replicas);
      const leaving = replicas[2]!.server;
      let over = false;
      const ended = leaving.end('SIGTERM').finally(() => {
        over = true;
      });
      const statuses = new Set<number>();
      while (!over) statuses.add((await get(`${url}files/a`)).status);
      for (let i = 0; i < 6; i++) statuses.add((await get(`${url}files/a`)).status);
      expect([...statuses]).toEqual([200]);
      expect(await ended).toBe(0);
      // HAProxy asks how it is, and stopped sending before the port closed.
      const asked = leaving.events.filter(({ event }) => event === 'request_completed');
      const last = asked.filter((event) => 'path' in event && event.path === '/files/a').at(-1);
      const stopped = leaving.events.find(({ event }) => event === 'stopped');
      if (program === 'haproxy') expect(stopped!.t - last!.t).toBeGreaterThan(500);
    });

    it('stores every upload when a hub is dead, each once', async () => {
      const root = await scratch();
      const replicas = await startReplicas(root, '--writable');
      const { url } = await balance(program, replicas);
      await replicas[0]!.server.end('SIGKILL');
      const bodies = Array.from({ length: 6 }, () => randomBytes(3 * MIB + 1));
      for (const [i, body] of bodies.entries()) {
        const answer = await fetch(`${url}files/up${i}`, { method: 'PUT', body });
        expect(answer.status).toBe(201);
        const location = new URL(answer.headers.get('location')!, answer.url);
        expect(location.href).toBe(`${url}files/up${i}`);
      }
      expect((await readdir(root)).sort()).toEqual(bodies.map((_, i) => `up${i}`));
      for (const [i, body] of bodies.entries()) {
        expect((await readFile(join(root, `up${i}`))).equals(body)).toBe(true);
      }
    });
  });
}

describe('two hubs and no balancer', () => {
  it('ends a download right whose hub is killed in the middle: the client goes to the next', async () => {
    const root = await scratch();
    const source = await randomFile(join(root, 'big'), 8 * MIB);
    const replicas = await startReplicas(root, '--uplink', '8MiB/s');
    for (const { url } of replicas) await fetch(`${url}files/big`, { method: 'HEAD' });
    const target = join(await scratch(), 'got');
    const urls = replicas.map(({ url }) => `${url}files/big`);
    const client = start(['client', 'get', '--json', ...urls, '-o', target]);
    const victim = await sender(replicas);
    await victim.server.end('SIGKILL');
    expect(await client.exit).toBe(0);
    expect(await sha256(target)).toBe(await sha256(source));
    const failed = await client.until('source_failed');
    expect(failed.remote).toBe(`${victim.url}files/big`);
  });
});
