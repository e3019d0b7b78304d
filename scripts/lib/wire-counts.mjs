// Runs processes that count what passes their sockets (count-wire.cjs).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDir } from './scratch.mjs';

/**
 * @param {(env: object) => Promise<T>} run starts them with this environment
 * @returns {Promise<{made: T, counts: object[]}>} what `run` made, and the counts of each process
 */
export async function countWire(run) {
  const dir = mkdtempSync(join(scratchDir(), 'counts-'));
  const NODE_OPTIONS = `--require ${join(import.meta.dirname, 'count-wire.cjs')}`;
  try {
    const made = await run({ NODE_OPTIONS, HUBSWARM_WIRE_COUNTS: dir });
    const files = readdirSync(dir).filter((name) => name.endsWith('.json'));
    return { made, counts: files.map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8'))) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
