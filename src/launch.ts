#!/usr/bin/env node
// dist/cli.js: loads the bundled program through V8's code cache. Half of a peer's
// start-up is otherwise compilation, of the same code in each of many processes.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * Bytecode that a function runs through before V8 compiles it anew; V8's default is
 * 132 KB. A peer lives for seconds, in processes that share cores, and most of what is
 * optimized so early is not run again often enough to pay for it: with the default a
 * swarm of 8 spent a fifth more CPU. Hot loops get there a fraction of a second later.
 */
const INTERRUPT_BUDGET = 2_000_000;

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
    { filename: path, cachedData: cacheOf(path) },
  );
  const module: Loaded = { script, exports: {} };
  loaded.set(path, module);
  const requireFrom = (id: string): unknown =>
    id.startsWith('.') ? load(join(dirname(path), id)) : require(id);
  script.runInThisContext()(module.exports, requireFrom, module);
  return module.exports;
}

/** V8 refuses one of another version, or made with other flags, and compiles as ever. */
function cacheOf(path: string): Buffer | undefined {
  try {
    return readFileSync(`${path}.cache`);
  } catch {
    return undefined;
  }
}

function writeCaches(): void {
  for (const [path, { script }] of loaded) {
    writeFileSync(`${path}.cache`, script.createCachedData());
  }
}

if (WRITES_CACHE) process.on('exit', writeCaches);
// Flags are part of what a cache is checked against: before anything is loaded.
setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
load(join(__dirname, 'program', 'cli.cjs'));
