// Ends a server in the order that loses no request: /readyz says no, balancers get time to notice,
// the port closes, subscriptions end (they come back elsewhere), running answers end, the rest is
// cut.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Traffic } from '../conversation/traffic.ts';

export interface DrainOptions {
  /** How long the port stays open after /readyz says no, in ms. */
  readonly delayMs: number;
  /** How long running answers may go on after that, in ms. */
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
  // An idle connection delays nothing.
  await Promise.race([traffic.untilIdle(), grace]);
  over.abort();
  server.closeAllConnections();
  await closed;
}
