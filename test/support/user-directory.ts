// Global set-up of every lane: what the product keeps for its user lies apart from the user's own
// and from another run's, and is removed at the end. The user's proxies, tokens and issuers are
// out of it as well, for the tests and for the programs that they start.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainEnvironment } from '../../src/runtime/node/plain-environment.ts';

const DIRECTORY = join(tmpdir(), `hubswarm-test-${process.pid}`);

export const USER_DIRECTORIES: Record<string, string> = Object.fromEntries(
  ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'].map((name) => [
    name,
    join(DIRECTORY, name),
  ]),
);

/** Workers take over what is left. */
export function setup(): void {
  const plain = plainEnvironment(process.env);
  for (const name of Object.keys(process.env)) if (!(name in plain)) delete process.env[name];
}

export function teardown(): void {
  rmSync(DIRECTORY, { recursive: true, force: true });
}
