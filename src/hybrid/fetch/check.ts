// Holds what lies here against a CID: nothing is fetched but the manifest, and nothing is written.
import { join } from 'node:path';
import { differencesAt } from '../../disk/place/check-files.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Run } from '../with-peer.ts';
import { findInSwarm } from './get-from-swarm.ts';
import type { GetOptions } from './get-options.ts';
import type { Way } from './way.ts';

/** @throws HubswarmError ERR_INCOMPLETE if a file differs; each has been told */
export async function check(way: Way, options: GetOptions, run: Run): Promise<void> {
  const { out, wants = () => true, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { emit, signal } = run;
  if (way.kind !== 'content' || out === '-') {
    const message = '--check: needs a share link or a CID, and a directory that holds the copy';
    throw new HubswarmError('ERR_USAGE', message);
  }
  const from = systemClock.now();
  const { manifest: whole, name } = await findInSwarm(way, { ...options, timeoutMs }, run);
  const manifest = {
    ...whole,
    files: whole.files.filter(({ path }) => path === '' || wants(path)),
  };
  const path = join(out, name);
  let different = 0;
  for await (const { path: at, reason } of differencesAt(manifest, path, { signal })) {
    different++;
    emit({ event: 'path_differed', path: at, reason });
  }
  const cid = whole.root.toString();
  if (different > 0) {
    const message = `${path}: ${different} of ${manifest.files.length} files are not as ${cid} has them`;
    throw new HubswarmError('ERR_INCOMPLETE', message);
  }
  const bytes = manifest.files.reduce((sum, { length }) => sum + length, 0);
  const ms = systemClock.now() - from;
  emit({ event: 'transfer_completed', cid, name, path, bytes, ms, found: true });
}
