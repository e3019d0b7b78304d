import { HubswarmError } from '../../runtime/errors.ts';
import { RIVALS } from '../rivals/rivals.ts';
import type { Rival } from '../terms/rival.ts';
import { loadRival } from './load-scenario.ts';
import { findRival } from './rivals.ts';

/**
 * The rivals that a person names.
 *
 * @param named ids of shipped ones, or `all`
 * @param files paths of others
 * @throws HubswarmError ERR_USAGE, or of the file system
 */
export async function chooseRivals(
  named: readonly string[] | 'all',
  files: readonly string[],
): Promise<Rival[]> {
  const shipped = named === 'all' ? RIVALS : named.map(findRival);
  const chosen = [...shipped, ...(await Promise.all(files.map(loadRival)))];
  const twin = chosen.find(({ id }, i) => chosen.findIndex((other) => other.id === id) !== i);
  if (!twin) return chosen;
  throw new HubswarmError('ERR_USAGE', `rival '${twin.id}' is given twice; give it once`);
}
