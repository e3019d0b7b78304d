// What loads in a browser (../browser.test.ts) runs in one: a page from a server on 127.0.0.1, in
// Chromium without a window.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { makeContent } from '../swarm/party.ts';
import type { Told } from './page.ts';

/** The page and its script; resolves with what the page tells. */
function serve(script: string): { server: Server; told: Promise<Told> } {
  const told = Promise.withResolvers<Told>();
  const server = createServer((req, res) => {
    if (req.url === '/page.js') res.setHeader('Content-Type', 'text/javascript').end(script);
    else if (req.url !== '/told') {
      res.setHeader('Content-Type', 'text/html');
      res.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else {
      text(req).then((body) => told.resolve(JSON.parse(body)), told.reject);
      res.end();
    }
  });
  return { server, told: told.promise };
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

describe('a page in Chromium', needs('chromium'), () => {
  let profile: string;
  let server: Server;
  let chromium: ChildProcess;
  let told: Promise<Told>;

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'hubswarm-chromium-'));
    ({ server, told } = serve(await bundled()));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
    chromium = spawn('chromium', [...flags, url], { stdio: 'ignore', detached: true });
  });
  afterAll(async () => {
    // Its helpers are of its process group.
    const ended = once(chromium, 'exit');
    process.kill(-chromium.pid!, 'SIGKILL');
    await ended;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  it('verifies content, and passes it on between two peers', async () => {
    const { manifest, bytes } = await makeContent();
    expect(await told).toEqual({
      cid: manifest.root.toString(),
      takes: { right: true, wrong: false },
      received: bytes.length,
      areSame: true,
      nodes: [],
    });
  });
});
