// The end of a server, in the order that loses no request: say that no more should
// be sent (/readyz), wait until balancers have noticed, close the port, end the
// subscriptions (they come back elsewhere), let running answers end, cut the rest.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Traffic } from '../conversation/traffic.ts';

export interface DrainOptions {
  /** The port stays open so long after /readyz says no. */
  readonly delayMs: number;
  /** How long running answers may go on after that. */
  readonly graceMs: number;
}

export async function drain(
  server: Server,
  traffic: Traffic,
  endSubscriptions: () => void,
  { delayMs, graceMs }: DrainOptions,
): Promise<void> {
  traffic.draining = true;
  if (delayMs > 0) await delay(delayMs);
  const closed = once(server, 'close');
  server.close();
  endSubscriptions();
  const over = new AbortController();
  const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
  // A connection that asks nothing holds up nobody.
  await Promise.race([traffic.untilIdle(), grace]);
  over.abort();
  server.closeAllConnections();
  await closed;
}
