// Keeps a web server among the neighbours of a swarm, while it is of use: one that fails is left
// alone for a while and asked whether it is back, and one that lies or has another file is dropped.
// No failure here ends a transfer.
import type { HttpClient } from '../../client/http/http-client.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import { Mirrors } from '../../client/mirrors/mirrors.ts';
import type { WebSeed } from '../../exchange/neighbour/web-seed.ts';
import type { Timers } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import type { Rng } from '../../runtime/rng.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Emit } from '../../telemetry/event.ts';
import { HttpWire } from './http-wire.ts';
import type { PiecePlaces } from './piece-places.ts';

/** Wait before a server is asked again that does not know the file: it may be hashing. Chosen. */
const UNKNOWN_MS = 15_000;
/** Wait after a ban, which may be for slowness alone; so many end it. Chosen. */
const BANNED_MS = 60_000;
const MOST_BANS = 3;

export interface SourceInit {
  readonly swarm: Pick<Swarm, 'join' | 'cid' | 'store'>;
  readonly http: HttpClient;
  readonly places: PiecePlaces;
  readonly webSeed: WebSeed;
  readonly clock: Timers;
  readonly rng: Rng;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Resolves once the signal has aborted, or the server is dropped: to the reason, with its name. Never
 * rejects.
 */
export async function keepSource(init: SourceInit): Promise<string | undefined> {
  const { places, signal, clock, emit } = init;
  if (init.swarm.store.manifest.geometry.pieceCount === 0) return undefined;
  const remote = places.name;
  const { url } = places.place({ first: 0, count: 1 });
  const mirrors = new Mirrors([url], init.rng);
  let bans = 0;
  let isDown = false;
  let isTold = false;
  while (!signal.aborted) {
    const failure = isDown ? await probe(init, url) : await stay(init);
    if (signal.aborted || failure === 'over') return undefined;
    if (failure === undefined) {
      isDown = false;
      continue;
    }
    if (failure === 'banned') {
      if (++bans === MOST_BANS) return `${remote}: banned`;
      await clock.sleep(BANNED_MS, signal).catch(() => undefined);
      continue;
    }
    const { reason, hasGiven } = failure;
    if (hasGiven) {
      mirrors.handleSuccess(url);
      isTold = false;
    }
    const retry = mirrors.handleFailure(url, reason, clock.now());
    if (!retry || !isTold) emit({ event: 'source_failed', remote, reason: reason.message });
    if (!retry) return `${remote}: ${reason.message}`;
    if (!isTold) emit({ event: 'source_retried', remote, ...retry });
    isTold = true;
    isDown = true;
    await clock.sleep(retry.delayMs, signal).catch(() => undefined);
  }
  return undefined;
}

interface Failure {
  readonly reason: SourceFailure;
  readonly hasGiven: boolean;
}

/** Takes part in the swarm until the server fails, or this side has ended it. */
async function stay(init: SourceInit): Promise<Failure | 'banned' | 'over'> {
  const { swarm, signal } = init;
  const wire = new HttpWire({
    ...init,
    file: swarm.cid.bytes,
    geometry: swarm.store.manifest.geometry,
  });
  const ended = Promise.withResolvers<void>();
  wire.onEnd(() => ended.resolve());
  const leave = (): void => wire.close();
  signal.addEventListener('abort', leave);
  const intake = swarm.join({ wire, outbound: true });
  if (intake) wire.onData(intake);
  await ended.promise;
  signal.removeEventListener('abort', leave);
  if (wire.isBanned) return 'banned';
  const { failure, hasGiven } = wire;
  return failure ? { reason: patient(failure), hasGiven } : 'over';
}

/** Asks a server that failed whether it is back. */
async function probe({ http, signal }: SourceInit, url: URL): Promise<Failure | undefined> {
  try {
    const response = await http.request({ method: 'HEAD', url, signal });
    response.discard();
    if (response.status < 400) return undefined;
    return { reason: patient(response.failure()), hasGiven: false };
  } catch (error) {
    const reason = error instanceof SourceFailure ? error : new SourceFailure(describeError(error));
    return { reason, hasGiven: false };
  }
}

/** What a server does not have now, it may have later. */
function patient(failure: SourceFailure): SourceFailure {
  if (failure.status !== 404) return failure;
  return new SourceFailure(failure.message, { status: 404, retryAfterMs: UNKNOWN_MS });
}
