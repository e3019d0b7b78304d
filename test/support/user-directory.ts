// Global set-up of every lane: what the product keeps for its user lies apart from the user's own
// and from another run's, and is removed at the end.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DIRECTORY = join(tmpdir(), `hubswarm-test-${process.pid}`);

export const USER_DIRECTORIES: Record<string, string> = Object.fromEntries(
  ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'].map((name) => [
    name,
    join(DIRECTORY, name),
  ]),
);

export function teardown(): void {
  rmSync(DIRECTORY, { recursive: true, force: true });
}
