#!/usr/bin/env node
// dist/cli.js: loads the bundled program through V8's code cache. Half of a peer's
// start-up is otherwise compilation, of the same code in each of many processes.
// The build makes caches for the Node.js that it runs on. V8 takes a cache only from the
// very build and flags that made it; elsewhere Node.js keeps a cache of its own, from 22.8 on.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { userDirectory } from './runtime/node/user-directory.ts';

const PROGRAM = join(__dirname, 'program');
const ENTRY = 'cli.cjs';
/** All chunks of a peer in one file. To read and check 57 files takes a twelfth of its start. */
const PEER_PACK = 'peer-pack.cjs';
const FIRST = ['peer', 'share', 'attack'].includes(process.argv[2] ?? '') ? PEER_PACK : ENTRY;
const CACHES = join(__dirname, 'cache', `${process.version}-${process.arch}`);

/** Set by the build, in runs that show which functions are needed. */
const WRITES_CACHE = process.env.HUBSWARM_WRITE_CODE_CACHE === '1';
/** Shows stacks of failures, with the names and lines of the sources. */
const DEBUGS = Boolean(process.env.HUBSWARM_DEBUG);

interface Module {
  exports: unknown;
}

type Chunk = (exports: unknown, require: (id: string) => unknown, module: Module) => void;

/** What was compiled, by the name of its file. */
const scripts = new Map<string, Script>();
/** Of a peer, by name. */
let packed: Readonly<Record<string, Chunk>> = {};
const loaded = new Map<string, Module>();

function compile(name: string): Script {
  const path = join(PROGRAM, name);
  // esbuild writes ASCII, which V8 then keeps at a byte a character.
  const text = readFileSync(path, 'latin1');
  const source = name === PEER_PACK ? text : `(function (exports, require, module) {${text}\n})`;
  const script = new Script(source, { filename: path, cachedData: readCache(name) });
  scripts.set(name, script);
  return script;
}

/** A chunk of the bundle, or one of Node's own modules. */
function load(id: string): unknown {
  if (!id.startsWith('./')) return require(id);
  const name = id.slice(2);
  const known = loaded.get(name);
  if (known) return known.exports;
  const module: Module = { exports: {} };
  loaded.set(name, module);
  const chunk: Chunk = packed[name] ?? (scripts.get(name) ?? compile(name)).runInThisContext();
  chunk(module.exports, load, module);
  return module.exports;
}

function readCache(name: string): Buffer | undefined {
  try {
    return readFileSync(join(CACHES, name));
  } catch {
    return undefined;
  }
}

function writeCaches(): void {
  mkdirSync(CACHES, { recursive: true });
  for (const [name, script] of scripts) {
    writeFileSync(join(CACHES, name), script.createCachedData());
  }
}

/** The program as Node.js loads it. */
function loadWithout(): void {
  const { enableCompileCache } = require('node:module') as {
    enableCompileCache?: (place: string) => unknown;
  };
  try {
    enableCompileCache?.(join(userDirectory('cache'), 'code'));
  } catch {
    // A user without a home: what is compiled is not kept.
  }
  if (DEBUGS) process.setSourceMapsEnabled(true);
  require(join(PROGRAM, ENTRY));
}

if (WRITES_CACHE) process.on('exit', writeCaches);
// One build made all caches of a folder, so the first tells for the others.
const first = compile(FIRST);
const isCached = first.cachedDataRejected === false;
if (WRITES_CACHE || (isCached && !DEBUGS)) {
  if (FIRST === PEER_PACK) packed = first.runInThisContext();
  load(`./${ENTRY}`);
} else loadWithout();
