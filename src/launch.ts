#!/usr/bin/env node
// dist/cli.js: loads the bundled program through V8's code cache. Half of a peer's
// start-up is otherwise compilation, of the same code in each of many processes.
// The build makes caches for the Node.js that it runs on. V8 takes a cache only from the
// very build and flags that made it; elsewhere Node.js keeps a cache of its own, from 22.8 on.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { userDirectory } from './runtime/node/user-directory.ts';
import { tunePeer } from './runtime/node/v8-flags.ts';

/**
 * Whether this is a peer, which lives for seconds or for weeks, and often shares its cores with
 * other peers.
 */
const IS_PEER = ['peer', 'attack'].includes(process.argv[2] ?? '');

const ENTRY = join(__dirname, 'program', 'cli.cjs');
const CACHES = join(
  __dirname,
  'cache',
  `${process.version}-${process.arch}-${IS_PEER ? 'peer' : 'other'}`,
);

/** Set by the build, in runs that show which functions are needed. */
const WRITES_CACHE = process.env.HUBSWARM_WRITE_CODE_CACHE === '1';
/** Shows stacks of failures, with the names and lines of the sources. */
const DEBUGS = Boolean(process.env.HUBSWARM_DEBUG);

interface Loaded {
  readonly script: Script;
  exports: unknown;
}

const loaded = new Map<string, Loaded>();

function compile(path: string): Script {
  // esbuild writes ASCII, which V8 then keeps at a byte a character.
  const source = `(function (exports, require, module) {${readFileSync(path, 'latin1')}\n})`;
  return new Script(source, { filename: path, cachedData: readCache(path) });
}

/** A chunk of the bundle, or one of Node's own modules. */
function load(path: string, script?: Script): unknown {
  const known = loaded.get(path);
  if (known) return known.exports;
  const module: Loaded = { script: script ?? compile(path), exports: {} };
  loaded.set(path, module);
  const requireFrom = (id: string): unknown =>
    id.startsWith('.') ? load(join(dirname(path), id)) : require(id);
  module.script.runInThisContext()(module.exports, requireFrom, module);
  return module.exports;
}

const cachePath = (path: string): string => join(CACHES, basename(path));

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(cachePath(path));
  } catch {
    return undefined;
  }
}

function writeCaches(): void {
  mkdirSync(CACHES, { recursive: true });
  for (const [path, { script }] of loaded) {
    writeFileSync(cachePath(path), script.createCachedData());
  }
}

/** The program as Node.js loads it. */
function loadWithout(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (place: string) => unknown };
  enableCompileCache?.(join(userDirectory('cache'), 'code'));
  if (DEBUGS) process.setSourceMapsEnabled(true);
  require(ENTRY);
}

if (WRITES_CACHE) process.on('exit', writeCaches);
if (IS_PEER) tunePeer();
const entry = compile(ENTRY);
// One build made all caches of a folder, so the first tells for the others.
const isCached = entry.cachedDataRejected === false;
if (WRITES_CACHE || (isCached && !DEBUGS)) load(ENTRY, entry);
else loadWithout();
