// Asks the program itself whether it accepts a configuration. Nothing is served; files that nginx
// makes go into a directory that is removed.
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HubswarmError, systemCode } from '../runtime/errors.ts';
import { makeTemporaryDirectory } from '../runtime/node/temporary-directory.ts';

export type Program = 'nginx' | 'haproxy';

/** Chosen: a name to look up may take seconds. */
const WITHIN_MS = 30_000;

/** @throws HubswarmError ERR_NOT_FOUND (not installed), ERR_REMOTE (refused; the program's first reason) */
export async function checkConfig(program: Program, config: string): Promise<void> {
  const directory = await makeTemporaryDirectory('hubswarm-balancer-');
  const file = join(directory, 'config');
  const args =
    program === 'nginx'
      ? ['-t', '-e', 'stderr', '-p', `${directory}/`, '-c', file]
      : ['-c', '-f', file];
  try {
    await writeFile(file, config);
    await promisify(execFile)(program, args, { timeout: WITHIN_MS });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw new HubswarmError(
        'ERR_NOT_FOUND',
        `--check: ${program} is not installed here; install it, or check the file where it is`,
      );
    }
    const { stderr = '' } = error as { stderr?: string };
    throw new HubswarmError('ERR_REMOTE', `--check: ${reasonOf(program, stderr, file)}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The first complaint, without the name of the temporary file. */
function reasonOf(program: Program, stderr: string, file: string): string {
  const complaint = /\[(?:emerg|ALERT)\][^\n]*/.exec(stderr)?.[0] ?? '';
  const reason = complaint
    .replace(/^\[\w+\]\s*(?:\(\d+\)\s*:|\d+#\d+:)?\s*/, '')
    .replaceAll(file, 'the configuration');
  return `${program} refuses it: ${reason || 'it does not say why'}`;
}
