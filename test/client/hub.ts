// A small hub of the tests' own: what the real one promises (CID as ETag, blocks
// under /ipfs, ranges), with a hook in front to misbehave.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { type Manifest, pieceCid } from '../../src/content/manifest.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { Link } from '../../src/link/link.ts';

export interface Content {
  readonly bytes: Buffer;
  readonly manifest: Manifest;
  readonly blocks: ReadonlyMap<string, Uint8Array>;
}

const made: string[] = [];

export async function tempDir(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hubswarm-client-'));
  made.push(path);
  return path;
}

export async function removeTempDirs(): Promise<void> {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
}

/** Pieces of 16 KiB, so that small files have several. */
export async function makeContent(length: number, pieceLength = 16 * 1024): Promise<Content> {
  const bytes = randomBytes(length);
  const path = join(await tempDir(), 'content.bin');
  await writeFile(path, bytes);
  const { manifest, dag } = await importPath(path, { pieceLength });
  const blocks = new Map(dag);
  for (let piece = 0; piece < manifest.geometry.pieceCount; piece++) {
    const start = manifest.geometry.offset(piece);
    const leaf = bytes.subarray(start, start + manifest.geometry.length(piece));
    blocks.set(pieceCid(manifest, piece).toString(), leaf);
  }
  if (length === 0) blocks.set(manifest.root.toString(), bytes);
  return { bytes, manifest, blocks };
}

/** Returns true when it answered. */
export type Hook = (request: IncomingMessage, response: ServerResponse) => boolean | undefined;

export interface TestServer {
  readonly url: URL;
  readonly origin: string;
  /** `METHOD path range` of each request. */
  readonly seen: string[];
  close(): Promise<void>;
}

export async function startServer(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<TestServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push([request.method, request.url, request.headers.range].filter(Boolean).join(' '));
    void handle(request, response);
  });
  const port = await listen(server);
  const origin = `http://127.0.0.1:${port}`;
  return {
    url: new URL('/files/content.bin', origin),
    origin,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export function startHub(content: Content, hook: Hook = () => false): Promise<TestServer> {
  return startServer((request, response) => {
    if (hook(request, response)) return;
    const path = request.url ?? '';
    if (path.startsWith('/ipfs/')) return sendBlock(content, path, response);
    if (path !== '/files/content.bin') return void response.writeHead(404).end();
    const root = content.manifest.root.toString();
    response.setHeader('etag', `"${root}"`);
    response.setHeader('x-ipfs-roots', root);
    sendBytes(content.bytes, request, response);
  });
}

function sendBlock(content: Content, path: string, response: ServerResponse): void {
  const cid = CID.parse(path.slice('/ipfs/'.length).split('?')[0]!);
  const block = content.blocks.get(cid.toString());
  if (block) response.end(block);
  else response.writeHead(404).end();
}

/** Whole, or the one range that was asked for. */
export function sendBytes(bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.writeHead(200, { 'content-length': bytes.length });
    return void response.end(request.method === 'HEAD' ? undefined : bytes);
  }
  const first = Number(range[1]);
  const last = Math.min(range[2] === '' ? bytes.length - 1 : Number(range[2]), bytes.length - 1);
  response.writeHead(206, {
    'content-length': last - first + 1,
    'content-range': `bytes ${first}-${last}/${bytes.length}`,
  });
  response.end(bytes.subarray(first, last + 1));
}

const BLOCK = 64 * 1024;

/**
 * Answers GETs of the file so fast, all connections together or each by itself.
 *
 * @param until bytes of each answer after which nothing more comes
 */
export function pacedHook(
  content: Content,
  bytesPerSecond: number,
  options: { each?: boolean; until?: number } = {},
): Hook {
  const shared = new Link({ uplinkBytesPerSecond: bytesPerSecond });
  return (request, response) => {
    if (request.method === 'HEAD' || request.url !== '/files/content.bin') return false;
    const link = options.each ? new Link({ uplinkBytesPerSecond: bytesPerSecond }) : shared;
    const [, from, to] = /=(\d+)-(\d+)/.exec(request.headers.range ?? '')?.map(Number) ?? [];
    const first = from ?? 0;
    const end = to === undefined ? content.bytes.length : to + 1;
    response.writeHead(206, {
      'content-length': end - first,
      'content-range': `bytes ${first}-${end - 1}/${content.bytes.length}`,
    });
    void sendPaced(response, content.bytes.subarray(first, end), link, options.until);
    return true;
  };
}

async function sendPaced(
  response: ServerResponse,
  bytes: Buffer,
  link: Link,
  until = bytes.length,
): Promise<void> {
  for (let at = 0; at < Math.min(until, bytes.length) && !response.destroyed; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    await link.send(block.length);
    if (!response.write(block) && !response.destroyed) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.on('drain', go).on('close', go);
      });
    }
  }
  if (until >= bytes.length) response.end();
}
