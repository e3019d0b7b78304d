// The progress of transfers, read off the requests under way four times a second:
// the way of a byte is not touched, and a transfer shorter than that is not told of
// (a hub answers thousands of them a second; a new file is told of anyway).

import { isUpload, type Running, type Traffic } from '../operations/traffic.ts';
import { parseRequestPath, targetPath } from '../request-path.ts';
import type { FeedEvent, TransferEvent } from './feed-event.ts';

const EVERY_MS = 250;
const FILES = '/files/';

type Told = Omit<TransferEvent, 'event' | 'bytes'> & { bytes: number };

export class TransferWatch {
  readonly #traffic: Traffic;
  readonly #publish: (event: FeedEvent) => void;
  readonly #told = new Map<number, Told>();
  #timer: NodeJS.Timeout | undefined;

  constructor(traffic: Traffic, publish: (event: FeedEvent) => void) {
    this.#traffic = traffic;
    this.#publish = publish;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#told.clear();
  }

  /** Of a request that ended. */
  handleEnd(request: { request: number; bytes: number; whole: boolean; status: number }): void {
    const told = this.#told.get(request.request);
    if (!told) return;
    this.#told.delete(request.request);
    const done = request.whole && request.status < 300;
    const event = done ? 'transfer_finished' : 'transfer_aborted';
    this.#publish({ event, ...told, bytes: request.bytes });
  }

  #look(): void {
    for (const request of this.#traffic.running) {
      const told = this.#told.get(request.id) ?? this.#begin(request);
      if (!told || told.bytes === request.bytes) continue;
      told.bytes = request.bytes;
      this.#publish({ event: 'transfer_progressed', ...told });
    }
  }

  /** Nothing when it is no transfer of a file, or has moved nothing yet. */
  #begin(request: Running): Told | undefined {
    const direction = directionOf(request);
    const path = targetPath(request.req.url ?? '');
    if (!direction || request.bytes === 0 || !path.startsWith(FILES)) return undefined;
    const { segments } = parseRequestPath(path.slice(FILES.length));
    const total = totalOf(request, direction);
    const told = {
      transfer: request.id,
      direction,
      path: `/${segments.join('/')}`,
      url: path,
      bytes: 0,
      ...(total === undefined ? {} : { total }),
    };
    this.#told.set(request.id, told);
    return told;
  }
}

/** A path that cannot be parsed never has bytes, so it does not get this far. */
function directionOf({ req: { method }, res }: Running): 'download' | 'upload' | undefined {
  if (method === 'GET') return res.statusCode < 300 ? 'download' : undefined;
  return isUpload(method) ? 'upload' : undefined;
}

function totalOf({ req, res }: Running, direction: 'download' | 'upload'): number | undefined {
  const header =
    direction === 'upload' ? req.headers['content-length'] : res.getHeader('content-length');
  return header === undefined ? undefined : Number(header);
}
