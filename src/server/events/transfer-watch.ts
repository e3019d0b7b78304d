// Reports the progress of transfers. It reads it off the requests under way four times a second, so
// it costs the bytes nothing. A shorter transfer is not reported: a hub answers thousands of them a
// second, and a new file is told anyway.

import type { TransferEvent } from '../../api/feed-event.ts';
import { filesReference } from '../../api/files-url.ts';
import type { Transfers } from '../../hub/feed/transfers.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Event } from '../../telemetry/event.ts';
import { isUpload, type Running, type Traffic } from '../conversation/traffic.ts';
import { parseRequestPath, targetPath } from '../message/request-path.ts';
import { routeOf } from '../message/routes.ts';

const EVERY_MS = 250;

type Ended = Extract<Event, { event: 'request_completed' }>;

interface Told {
  readonly facts: Omit<TransferEvent, 'event' | 'bytes'>;
  /** Position in the file of the request's first byte. */
  readonly offset: number;
  bytes: number;
}

export class TransferWatch implements Transfers {
  readonly #traffic: Traffic;
  readonly #told = new Map<number, Told>();
  /**
   * Requests that were under way at the last look; only those are reported, so chance reports no
   * short one.
   */
  #seen: ReadonlySet<number> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #publish: (event: TransferEvent) => void = () => undefined;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  start(publish: (event: TransferEvent) => void): void {
    this.#publish = publish;
    this.#timer ??= setInterval(
      guarded('watching transfers', () => this.#look()),
      EVERY_MS,
    ).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#told.clear();
  }

  handleEvent(event: Event): void {
    if (event.event === 'request_completed') this.#handleEnd(event);
  }

  #handleEnd(request: Ended): void {
    const told = this.#told.get(request.request);
    if (!told) return;
    this.#told.delete(request.request);
    const { facts, offset } = told;
    const { total = Number.POSITIVE_INFINITY } = facts;
    // The bytes of an upload's answer count as well, but are no part of the file.
    const bytes = Math.min(offset + request.bytes, total);
    const isDone = request.whole && request.status < 300;
    // Whether it is one of several requests for a file, as tus makes them.
    const isPart = facts.total !== undefined && bytes < facts.total;
    const event = isPart ? 'transfer_progressed' : 'transfer_finished';
    this.#publish({ event: isDone ? event : 'transfer_aborted', ...facts, bytes });
  }

  #look(): void {
    const seen = new Set<number>();
    for (const request of this.#traffic.running) {
      seen.add(request.id);
      if (!this.#seen.has(request.id)) continue;
      const told = this.#told.get(request.id) ?? this.#begin(request);
      if (!told) continue;
      const bytes = told.offset + request.bytes;
      if (told.bytes === bytes) continue;
      told.bytes = bytes;
      this.#publish({ event: 'transfer_progressed', ...told.facts, bytes });
    }
    this.#seen = seen;
  }

  /** Begins to report a request; undefined if it transfers no file, or has moved no byte yet. */
  #begin(request: Running): Told | undefined {
    const { id, about } = request;
    const direction = directionOf(request);
    if (!direction || request.bytes === 0) return undefined;
    const segments = about?.segments ?? segmentsOf(request);
    if (!segments) return undefined;
    const total = about ? about.length : lengthOf(request, direction);
    const path = `/${segments.join('/')}`;
    const known = { transfer: id, direction, path, url: filesReference(segments) };
    const facts = { ...known, ...(total === undefined ? {} : { total }) };
    const told = { facts, offset: about?.offset ?? 0, bytes: -1 };
    this.#told.set(id, told);
    return told;
  }
}

/** Names of the file; undefined if the target names none. A refusal has bytes as well. */
function segmentsOf({ target }: Running): readonly string[] | undefined {
  const found = routeOf(targetPath(target));
  if (found?.name !== 'files') return undefined;
  try {
    return parseRequestPath(found.rest).segments;
  } catch {
    return undefined;
  }
}

function directionOf({ req: { method }, res }: Running): 'download' | 'upload' | undefined {
  if (method === 'GET') return res.statusCode < 300 ? 'download' : undefined;
  return isUpload(method) ? 'upload' : undefined;
}

function lengthOf({ req, res }: Running, direction: 'download' | 'upload'): number | undefined {
  const header =
    direction === 'upload' ? req.headers['content-length'] : res.getHeader('content-length');
  return header === undefined ? undefined : Number(header);
}
