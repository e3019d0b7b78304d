// Downloads one file from all of its mirrors at once. Each host gets one lane, or as many as are
// allowed. A lane takes a segment of missing pieces (segments.ts), fetches it from its host's
// mirrors (fetch-segment.ts) and takes the next. A mirror that fails is waited for while the others
// take over what it left; the download fails when no mirror is left, or when nothing came from any
// for too long.
import { HubswarmError } from '../../runtime/errors.ts';
import { createRng } from '../../runtime/rng.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { Mirrors } from '../mirrors/mirrors.ts';
import { Speed } from '../mirrors/speed.ts';
import { type FetchContext, fetchSegment } from './fetch-segment.ts';
import { type Lane, Segments } from './segments.ts';

export interface Download extends FetchContext {
  readonly seed: number;
  /** URLs in the order of preference; those of one host share its connections. */
  readonly urls: readonly URL[];
  readonly connectionsPerHost: number;
}

/** How often an idle lane checks whether a mirror went silent. Chosen. */
const IDLE_MS = 100;

interface HostLane extends Lane {
  readonly host: Host;
  readonly buffers: Buffer[];
}

interface Host {
  readonly mirrors: Mirrors;
  lanes: number;
}

/**
 * Resolves when the sink has every piece.
 *
 * @throws HubswarmError ERR_NO_SOURCE with the last reason; what a write threw
 */
export async function downloadPieces(download: Download): Promise<void> {
  if (!download.sink.have.isFull) await new Crew(download).run();
}

class Crew {
  readonly #download: Download;
  readonly #hosts: readonly Host[];
  readonly #segments: Segments;
  /** Aborted when the bytes that are still under way are not needed. */
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  /** Pieces that are being written: a second copy is dropped. */
  readonly #storing = new Set<number>();
  #fetching = 0;
  #error: unknown;
  #last = 'no mirror is left';
  #change = Promise.withResolvers<void>();

  constructor(download: Download) {
    this.#download = download;
    this.#hosts = hostsOf(download);
    this.#segments = new Segments(download.geometry, download.sink.have, download.sink.window);
    this.#signal = AbortSignal.any([download.signal, this.#over.signal]);
  }

  async run(): Promise<void> {
    const { signal, sink } = this.#download;
    const lanes: HostLane[] = this.#hosts.flatMap((host) =>
      Array.from({ length: host.lanes }, () => ({ host, speed: new Speed(), buffers: [] })),
    );
    // Wait for every lane: the caller may close the sink when this returns.
    await Promise.all(lanes.map((lane) => this.#work(lane)));
    if (this.#error !== undefined) throw this.#error;
    if (sink.have.isFull) return;
    signal.throwIfAborted();
    throw new HubswarmError('ERR_NO_SOURCE', this.#last);
  }

  async #work(lane: HostLane): Promise<void> {
    try {
      while (!this.#signal.aborted && (await this.#turn(lane)));
    } catch (error) {
      if (!this.#signal.aborted) this.#error = error;
      this.#over.abort();
    } finally {
      this.#tell();
    }
  }

  /** Does one segment. Resolves to false if the lane has nothing more to do. */
  async #turn(lane: HostLane): Promise<boolean> {
    const { clock, sink } = this.#download;
    const now = clock.now();
    const turn = lane.host.mirrors.pick(now);
    if (!turn) return false;
    if (turn.waitMs > 0) return this.#pause(turn.waitMs);
    const lanes = this.#hosts.reduce((sum, host) => sum + host.lanes, 0);
    const segment = this.#segments.take(lane, lanes, now);
    if (!segment) return this.#pause(IDLE_MS);
    this.#fetching++;
    try {
      await fetchSegment({
        ...this.#download,
        mirrors: lane.host.mirrors,
        signal: this.#signal,
        segments: this.#segments,
        storing: this.#storing,
        url: turn.url,
        segment,
        buffers: lane.buffers,
      });
    } catch (error) {
      if (!(error instanceof SourceFailure) || this.#signal.aborted) throw error;
      if (!this.#handleFailure(lane.host, turn.url, error)) return false;
    } finally {
      this.#fetching--;
      this.#segments.release(segment);
      this.#tell();
    }
    if (sink.have.isFull) this.#over.abort();
    return true;
  }

  /** Returns false if the lane ends, because its host takes fewer connections. */
  #handleFailure(host: Host, url: URL, failure: SourceFailure): boolean {
    const { clock, emit, patience } = this.#download;
    const remote = showUrl(url);
    this.#last = `${remote}: ${failure.message}`;
    if (failure.busy && host.lanes > 1) {
      host.lanes--;
      return false;
    }
    const retry = host.mirrors.handleFailure(url, failure, clock.now());
    if (host.mirrors.size === 0) host.lanes = 0;
    // The last mirror's reason is reported once, with the transfer's failure.
    if (this.#hosts.some(({ mirrors }) => mirrors.size > 0)) {
      emit({ event: 'source_failed', remote, reason: failure.message });
    }
    if (retry && patience.leftMs > 0) emit({ event: 'source_retried', remote, ...retry });
    return true;
  }

  /** Waits until the time has passed or something changed. @throws when patience is over */
  async #pause(ms: number): Promise<true> {
    const { clock, patience } = this.#download;
    const { leftMs } = patience;
    if (leftMs <= 0 && this.#fetching === 0) {
      const limit = `gave up after ${patience.limitMs / 1000} s without progress`;
      throw new HubswarmError('ERR_NO_SOURCE', `${this.#last}; ${limit}`);
    }
    const over = new AbortController();
    const sleep = clock.sleep(
      Math.min(ms, leftMs > 0 ? leftMs : IDLE_MS),
      AbortSignal.any([this.#signal, over.signal]),
    );
    await Promise.race([sleep, this.#change.promise]).catch(() => undefined);
    over.abort();
    await sleep.catch(() => undefined);
    return true;
  }

  /** Wakes the lanes that wait. */
  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}

/** Groups the URLs by host and port, in the given order. */
function hostsOf({ urls, connectionsPerHost, seed }: Download): Host[] {
  const byHost = new Map<string, URL[]>();
  for (const url of urls) byHost.set(url.host, [...(byHost.get(url.host) ?? []), url]);
  return [...byHost.values()].map((each, i) => ({
    mirrors: new Mirrors(each, createRng(seed + i)),
    lanes: connectionsPerHost,
  }));
}
