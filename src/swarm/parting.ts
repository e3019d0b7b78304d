import { PARTING_LOOK_MS } from '../exchange/parting.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SessionView } from './session-view.ts';

/**
 * Resolves when others can do without this peer (see exchange/parting.ts).
 *
 * @throws the signal's reason
 */
export async function part(
  view: Pick<SessionView, 'mayLeave'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const since = clock.now();
  while (!view.mayLeave(clock.now() - since)) await clock.sleep(PARTING_LOOK_MS, signal);
}
