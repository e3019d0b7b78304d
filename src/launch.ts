#!/usr/bin/env node
// dist/cli.js: loads the bundled program through V8's code cache. Half of a peer's
// start-up is otherwise compilation, of the same code in each of many processes.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * A peer shares its cores, often with other peers, and may live for seconds only:
 * - V8 compiles a function anew when it has run through 132 KB of bytecode, and most of
 *   what is optimized so early is not run often enough to pay for it: a swarm of 8 spent
 *   a fifth more CPU. Not for a hub, where small files came at 0.6 of the speed.
 * - The collector's helper threads are waited for: one pair without caps was a sixth
 *   slower with them, and its receiver took a quarter more CPU.
 */
const PEER_FLAGS = [
  '--interrupt-budget=2000000',
  '--no-concurrent-marking',
  '--no-concurrent-sweeping',
  '--no-parallel-scavenge',
];
/** Node 20's. A flag that V8 does not know is complained of, and later ones differ. */
const KNOWS_FLAGS = process.versions.v8.startsWith('11.');
const IS_PEER = ['peer', 'attack'].includes(process.argv[2] ?? '');

/** Set by the build, in runs that show which functions are needed. */
const WRITES_CACHE = process.env.HUBSWARM_WRITE_CODE_CACHE === '1';

interface Loaded {
  readonly script: Script;
  exports: unknown;
}

const loaded = new Map<string, Loaded>();

/** A chunk of the bundle, or one of Node's own modules. */
function load(path: string): unknown {
  const known = loaded.get(path);
  if (known) return known.exports;
  const script = new Script(
    // esbuild writes ASCII, which V8 then keeps at a byte a character.
    `(function (exports, require, module) {${readFileSync(path, 'latin1')}\n})`,
    { filename: path, cachedData: readCache(path) },
  );
  const module: Loaded = { script, exports: {} };
  loaded.set(path, module);
  const requireFrom = (id: string): unknown =>
    id.startsWith('.') ? load(join(dirname(path), id)) : require(id);
  script.runInThisContext()(module.exports, requireFrom, module);
  return module.exports;
}

/** V8 refuses a cache that was made with other flags. */
function cachePath(path: string): string {
  return `${path}.${IS_PEER ? 'peer' : 'other'}.cache`;
}

/** One of another version of V8 is refused as well; then it compiles as ever. */
function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(cachePath(path));
  } catch {
    return undefined;
  }
}

function writeCaches(): void {
  for (const [path, { script }] of loaded) {
    writeFileSync(cachePath(path), script.createCachedData());
  }
}

if (WRITES_CACHE) process.on('exit', writeCaches);
if (IS_PEER && KNOWS_FLAGS) for (const flag of PEER_FLAGS) setFlagsFromString(flag);
load(join(__dirname, 'program', 'cli.cjs'));
