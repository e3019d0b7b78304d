// Many small files of a real hub, brought by the archive of their directory, and archives that lie.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startHub } from '../../server/hub.ts';
import { removeTempDirs, startServer, type TestServer, tempDir } from '../hub.ts';

let root: string;
let local: string;
const servers: TestServer[] = [];

beforeEach(async () => {
  root = await tempDir();
  local = join(await tempDir(), 'mirror');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

/** A hub of the root, and the paths that it was asked for since they were looked at last. */
async function hub(): Promise<{ url: URL; requests: () => string[] }> {
  const { running, events } = await startHub({ root });
  const requests = (): string[] =>
    events.splice(0).flatMap((each) => (each.event === 'request_completed' ? [each.path] : []));
  return { url: new URL('files/', running.url), requests };
}

/** Mirrors, and resolves to the paths of the files that came. @throws as getTree() */
async function mirror(url: URL): Promise<string[]> {
  const events: Event[] = [];
  await getTree({
    url,
    directory: local,
    deleteExtras: false,
    timeoutMs: 5000,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
  });
  return events.flatMap((each) => (each.event === 'file_fetched' ? [each.path] : []));
}

/** Forty files below `many/`, some with names and attributes that a plain tar cannot hold. */
async function writeMany(): Promise<string[]> {
  const odd = ['ärger', `${'n'.repeat(120)}-${'m'.repeat(120)}`, 'empty', 'run'];
  const names = [...odd, ...Array.from({ length: 36 }, (_, i) => `f${i}`)];
  const paths = names.map((name, i) => `many/${i % 2 === 0 ? 'even/' : ''}${name}`);
  for (const [i, path] of paths.entries()) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), path.endsWith('empty') ? '' : randomBytes(270 + i));
    await utimes(join(root, path), 1e9, 1e9 + i);
  }
  await chmod(join(root, paths[3]!), 0o755);
  return paths;
}

/** Asks for each file until the hub tells its CID: its listing names the CID from then on. */
async function untilHashed(url: URL, paths: readonly string[]): Promise<void> {
  const tag = async (path: string) =>
    (await fetch(new URL(path, url), { method: 'HEAD' })).headers.get('etag');
  for (const path of paths) {
    await expect.poll(() => tag(path), { timeout: 10_000 }).toMatch(/^"baf/);
  }
}

async function expectAllThere(paths: readonly string[]): Promise<void> {
  for (const [i, path] of paths.entries()) {
    expect(await readFile(join(local, path)), path).toEqual(await readFile(join(root, path)));
    expect((await stat(join(local, path))).mtimeMs).toBe((1e9 + i) * 1000);
  }
  expect((await stat(join(local, paths[3]!))).mode & 0o777).toBe(0o755);
}

it('many small files come as the archive of their directory', async () => {
  const paths = await writeMany();
  await writeFile(join(root, 'large'), randomBytes(200_000));
  const { url, requests } = await hub();
  await untilHashed(url, paths);
  requests();
  expect((await mirror(url)).sort()).toEqual([...paths, 'large'].sort());
  const asked = requests().filter((path) => path.includes('many'));
  // The listings of both directories, and the archive.
  expect(asked.sort()).toEqual(['/files/many/', '/files/many/', '/files/many/even/']);
  await expectAllThere(paths);
  expect(await mirror(url)).toEqual([]);
  await rm(join(local, paths[7]!));
  expect(await mirror(url)).toEqual([paths[7]]);
});

it('an archive is not believed: what it does not bring is fetched file by file', async () => {
  const paths = await writeMany();
  const { url } = await hub();
  await untilHashed(url, paths);
  const honest = Buffer.from(await (await fetch(new URL('many/?archive=tar', url))).arrayBuffer());
  const other = Buffer.from(honest);
  for (let at = 700; at < other.length; at += 1024) other[at]! ^= 1;
  const answers: Record<string, (response: ServerResponse) => void> = {
    refused: (response) => response.writeHead(404).end(),
    'of another type': (response) => response.end('<html>'),
    'no tar': (response) => response.end(Buffer.alloc(5000, 'x')),
    'cut off': (response) => {
      response.write(honest.subarray(0, 10_100), () => response.destroy());
    },
    'with other bytes': (response) => response.end(other),
    'that comes twice': (response) => response.end(Buffer.concat([honest, honest])),
    'without end': (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    },
  };
  for (const [name, answer] of Object.entries(answers)) {
    let archives = 0;
    const server = await startServer((request, response) => {
      if (request.url?.endsWith('?archive=tar')) {
        archives += 1;
        if (name !== 'of another type') response.setHeader('content-type', 'application/x-tar');
        return answer(response);
      }
      // All else is the hub's own answer.
      void fetch(new URL(request.url!, url), { headers: { accept: 'application/json' } })
        .then(async (answer) => Buffer.from(await answer.arrayBuffer()))
        .then((bytes) => response.end(bytes));
    });
    servers.push(server);
    await rm(local, { recursive: true, force: true });
    expect((await mirror(new URL('/files/', server.origin))).length, name).toBe(paths.length);
    expect(archives, name).toBe(1);
    await expectAllThere(paths);
  }
});
