import type { CID } from 'multiformats/cid';
import type { Clock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Discovery } from './discovery.ts';

interface Provider {
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Tells the DHT after so long that pieces of this file are here; reports how that went. */
export async function provideLater(
  { discovery, clock, emit }: Provider,
  cid: CID,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await clock.sleep(afterMs, signal);
    const from = clock.now();
    await discovery.provide(cid, signal);
    emit({ event: 'file_provided', cid: cid.toString(), ms: clock.now() - from });
  } catch (error) {
    if (signal.aborted) return;
    emit({ event: 'warned', message: `not in the DHT: ${describeError(error)}` });
  }
}
