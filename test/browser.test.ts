// Which rooms load in a browser: those of tsconfig.web.json, which checks their types. Here they
// are bundled for one, file by file, so that a module of Node.js fails, also one that a package
// needs. What comes out is run without the globals of Node.js, and names and verifies content
// as the program does. browser/ runs it in Chromium.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importPath } from '../src/disk/import/import.ts';
import { pieceStoreContract } from './contract/piece-store.ts';
import { importedTree, seededBytes, tempDir, writeTree } from './disk/files.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
const ROOMS = [
  'api',
  'content',
  'exchange',
  'library',
  'link',
  'runtime',
  'simulate',
  'swarm',
  'telemetry',
  'theory',
];

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.web.json'), ts.sys.readFile);
const { fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'hubswarm-browser-'));
  await bundle(fileNames, out);
});
afterAll(() => rm(out, { recursive: true, force: true }));

/** @throws what esbuild says of the first import that no browser has */
async function bundle(entryPoints: string[], outdir: string): Promise<void> {
  const none = ['Buffer', 'process', 'setImmediate', 'global', 'require', '__dirname'];
  await build({
    absWorkingDir: ROOT,
    entryPoints,
    outbase: SRC,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outExtension: { '.js': '.mjs' },
    define: Object.fromEntries(none.map((name) => [name, 'undefined'])),
    logLevel: 'silent',
  });
}

/** What a room's file exports, as a browser gets it. */
async function load<T>(file: string): Promise<T> {
  return import(pathToFileURL(join(out, `${file}.mjs`)).href);
}

it('takes every room that a browser is to load', () => {
  const rooms = new Set(fileNames.map((path) => relative(SRC, path).split('/')[0]));
  expect([...rooms].sort()).toEqual(ROOMS);
});

it.each(['node:fs', 'crypto', './runtime/node/alive.ts'])(
  'finds an import of %s',
  async (module) => {
    const entry = join(await tempDir(), 'entry.ts');
    const target = module.startsWith('.') ? join(SRC, module) : module;
    await writeTree(join(entry, '..'), { 'entry.ts': Buffer.from(`import '${target}';`) });
    await expect(bundle([entry], join(entry, '../out'))).rejects.toThrow(/Could not resolve/);
  },
);

describe('what a browser loads', () => {
  it('names a directory as the program does, and resolves its DAG', async () => {
    const cid = await load<typeof import('../src/content/cid.ts')>('content/cid');
    const { buildFileDag } =
      await load<typeof import('../src/content/file-dag.ts')>('content/file-dag');
    const { buildDirectoryDag } =
      await load<typeof import('../src/content/directory-dag.ts')>('content/directory-dag');
    const { resolveManifest } =
      await load<typeof import('../src/content/resolve.ts')>('content/resolve');
    // More inner nodes than are read in one turn.
    const pieceLength = 64;
    const bytes = seededBytes(70 * 174 * pieceLength + 1);
    const directory = await tempDir();
    await writeTree(directory, { file: bytes });
    const { manifest } = await importPath(directory, { pieceLength });

    const blocks = new Map<string, Uint8Array>();
    const pieces = Array.from({ length: manifest.geometry.pieceCount }, (_, piece) =>
      cid.sha256(bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength)),
    );
    const digests = new Uint8Array(Buffer.concat(pieces));
    const file = buildFileDag({ pieceLength, totalLength: bytes.length, digests }, blocks);
    const { cid: root } = await buildDirectoryDag([{ name: 'file', ...file }], blocks);
    expect(root.toString()).toBe(manifest.root.toString());

    const found = await resolveManifest(root, async (each) => blocks.get(each.toString())!);
    expect(found.manifest.files).toEqual(manifest.files);
    expect(Buffer.compare(found.manifest.digests, manifest.digests)).toBe(0);
  });

  pieceStoreContract(
    {
      whole: async (manifest, bytes) => (await memoryStore()).whole(manifest, bytes),
      empty: async (manifest) => (await memoryStore()).empty(manifest),
    },
    importedTree,
  );
});

const memoryStore = async () =>
  (await load<typeof import('../src/content/memory-store.ts')>('content/memory-store')).MemoryStore;
