// Grown and mutated input for every decoder and parser of what a remote sends, for as long as is
// wanted: round after round with a new seed, each in a process of its own.
//
//   node scripts/fuzz.mjs [minutes, default 60]
//
// Prints each round's seed. Exit code 1 at the first failure, with the seed that repeats it.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { numbers } from './lib/command-line.mjs';

const TESTS = ['test/contract/fuzz.test.ts', 'test/peer/wire/fuzz.test.ts'];
/** Times the inputs of CI in each round. Chosen: a round takes some minutes. */
const TIMES = 10;

const [minutes] = numbers(import.meta.filename, ['minutes', 60]);
const end = Date.now() + minutes * 60_000;
while (Date.now() < end) {
  const seed = String(randomInt(2 ** 31));
  console.log(`seed ${seed}`);
  const env = { ...process.env, HUBSWARM_FUZZ: String(TIMES), HUBSWARM_FUZZ_SEED: seed };
  const args = ['vitest', 'run', '--maxWorkers=1', '--reporter=dot', ...TESTS];
  const { status } = spawnSync('npx', args, { env, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`failed; HUBSWARM_FUZZ=${TIMES} HUBSWARM_FUZZ_SEED=${seed} repeats it`);
    process.exit(1);
  }
}
