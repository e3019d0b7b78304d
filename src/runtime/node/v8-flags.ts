// Flags of V8 for processes that share their cores with others, and which versions know them.
// They were measured on Node.js 20, 22, 24 and 26 (docs/decisions/0042-versions-of-node.md).
import { setFlagsFromString } from 'node:v8';

/**
 * The collector's main thread waits for its helper threads, and garbage is made as fast as bytes
 * come: the receiver of one pair without caps takes 0.8 of the CPU without helpers.
 */
const COLLECT_ALONE = [
  '--no-concurrent-marking',
  '--no-concurrent-sweeping',
  '--no-parallel-scavenge',
];

/**
 * V8 11 compiles a function anew when it has run through 132 KB of bytecode, and most of what is
 * optimized so early is not run often enough to pay for it: a swarm of 8 spent a fifth more CPU.
 * Not for a hub: small files came at 0.6 of the speed. Later versions have no such flag, and
 * gain nothing from their own (`--invocation-count-for-turbofan`).
 */
const OPTIMIZE_LATE = ['--interrupt-budget=2000000'];

const { v8 } = process.versions;

/** V8 of Node.js 20 to 26. Another one would complain of each flag that it does not know. */
const isMeasured = /^1[1-4]\./.test(v8);

/** What to warn of where no flag is set; undefined where they are known. */
export const UNKNOWN_V8 = isMeasured
  ? undefined
  : `V8 ${v8} runs with its defaults: Hubswarm knows the flags of Node.js 20 to 26`;

const IS_NODE_20 = v8.startsWith('11.3.');

/**
 * Call once the program is loaded: with other flags V8 refuses the code caches of the build, and
 * those of Node.js's own modules, which are then compiled.
 */
export function tunePeer(): void {
  if (isMeasured) set(COLLECT_ALONE);
  if (IS_NODE_20) set(OPTIMIZE_LATE);
}

/**
 * Call once the program is loaded, as tunePeer(). On 22 and later uploads take a
 * tenth less CPU without helpers, but 400 downloads that nobody reads over 200 MiB: not done.
 */
export function tuneHub(): void {
  if (IS_NODE_20) set(COLLECT_ALONE);
}

function set(flags: readonly string[]): void {
  // A cache that is written later would be one for these flags (src/launch.ts).
  if (process.env.HUBSWARM_WRITE_CODE_CACHE === '1') return;
  for (const flag of flags) setFlagsFromString(flag);
}
