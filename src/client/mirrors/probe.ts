// The first request to each mirror: is it there, and what does it say about the file? All mirrors
// are asked at once. After the first good answer the others get a moment more. So a dead mirror
// costs no time, and a CID is found if any mirror names it. Mirrors that answer later are still
// used for bytes.
import type { CID } from 'multiformats/cid';
import { HubswarmError } from '../../runtime/errors.ts';
import { createRng } from '../../runtime/rng.ts';
import type { Emit } from '../../telemetry/event.ts';
import { askHead } from '../http/ask-head.ts';
import { WANT_DIGEST } from '../http/digest.ts';
import type { HttpClient } from '../http/http-client.ts';
import { namedCid } from '../http/names-cid.ts';
import { showUrl } from '../http/url.ts';
import { type FailOver, tryMirrors } from './fail-over.ts';
import { openRange } from './fetch-range.ts';
import { Mirrors } from './mirrors.ts';

export interface Probed {
  /** The URL as given. */
  readonly url: URL;
  /** The final URL, after redirects. */
  readonly finalUrl: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly cid: CID | undefined;
}

/** Wait for the others after the first answer. Chosen: some round trips. */
const GRACE_MS = 500;

export interface ProbeContext extends Omit<FailOver, 'mirrors'> {
  readonly http: HttpClient;
  readonly seed: number;
}

/**
 * Returns the mirrors that answered, in the given order; at least one.
 *
 * @throws HubswarmError ERR_NO_SOURCE if none answered
 */
export async function probeMirrors(
  context: ProbeContext,
  urls: readonly URL[],
): Promise<readonly Probed[]> {
  const late = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  const answers: (Probed | undefined)[] = urls.map(() => undefined);
  const asked = urls.map(async (url, i) => {
    const mirrors = new Mirrors([url], createRng(context.seed + i));
    answers[i] = await tryMirrors({ ...context, mirrors, signal }, (each) =>
      probe(context.http, each, signal),
    );
  });
  const settled = Promise.allSettled(asked);
  try {
    await Promise.any(asked);
    await Promise.race([settled, context.clock.sleep(GRACE_MS, signal)]);
  } catch (error) {
    context.signal.throwIfAborted();
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    late.abort();
    await settled;
  }
  return answers.filter((answer) => answer !== undefined);
}

async function probe(http: HttpClient, url: URL, signal: AbortSignal): Promise<Probed> {
  const head = await askHead(http, { url, headers: WANT_DIGEST, signal });
  if (head?.status === 200) return describe(url, head);
  const got = await openRange(http, { url, first: 0, signal });
  got.discard();
  return describe(url, got);
}

function describe(url: URL, answer: { url: URL; headers: ReadonlyMap<string, string> }): Probed {
  return { url, finalUrl: answer.url, headers: answer.headers, cid: namedCid(answer.headers) };
}

/**
 * Returns the mirrors that do not name another file; at least one.
 *
 * @throws HubswarmError ERR_NO_SOURCE
 */
export function ofVersion(probed: readonly Probed[], root: CID, emit: Emit): readonly Probed[] {
  const same = probed.filter(({ cid }) => !cid || cid.equals(root));
  for (const { url, cid } of probed.filter((each) => !same.includes(each))) {
    const reason = `has another file: ${cid}, not ${root}`;
    const remote = showUrl(url);
    if (same.length === 0) throw new HubswarmError('ERR_NO_SOURCE', `${remote}: ${reason}`);
    emit({ event: 'source_failed', remote, reason });
  }
  return same;
}
