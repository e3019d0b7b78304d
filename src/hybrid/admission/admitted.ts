// A peer that a hub has admitted: it asks anew before its ticket ends, shows the new one to those it
// exchanges with, and hangs up on those whose ticket has ended.
import type { HubAdmission } from '../../api/hub-admission.ts';
import type { Peer } from '../../peer/peer.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import type { Door } from './door.ts';

/** Time between two looks at tickets. Chosen. */
const LOOK_MS = 1000;
/** Part of an admission after which it is asked for anew, within these bounds: a hub may say anything. Chosen. */
const RENEW_AT = 0.5;
const LEAST_WAIT_MS = 5000;
const MOST_WAIT_MS = 10 * 60_000;

/** Keeps the admission until the signal aborts. */
export function keepAdmitted(
  peer: Peer,
  door: Door,
  { ms: firstMs }: HubAdmission,
  renew: () => Promise<HubAdmission>,
  signal: AbortSignal,
): void {
  const { clock } = peer;
  const stop = clock.every(LOOK_MS, 'looking at tickets', () => {
    for (const remote of door.lapsed()) peer.cut(remote, 'its ticket has ended');
  });
  signal.addEventListener('abort', guarded('leaving a circle', stop), { once: true });
  const run = async (): Promise<void> => {
    let ms = firstMs;
    for (;;) {
      const waitMs = Math.min(Math.max(ms * RENEW_AT, LEAST_WAIT_MS), MOST_WAIT_MS);
      await clock.sleep(waitMs, signal);
      // The hub may be gone, or the token at its end: then those that know the ticket say when it is over.
      const own = await renew().catch(() => undefined);
      ms = own?.ms ?? ms - waitMs;
      if (!own) continue;
      door.take(own);
      for (const remote of door.met) unawaited('showing a ticket', show(door, remote, signal));
    }
  };
  unawaited(
    'keeping an admission',
    run().catch(() => undefined),
  );
}

const show = (door: Door, remote: string, signal: AbortSignal): Promise<void> =>
  door.knock(remote, signal).catch(() => undefined);
