// What a hub's operator has of it, put together: limits, the access log, metrics.
// All of it reads the one stream of events; nothing reports to it by another way.
import type { Server } from 'node:http';
import type { Link } from '../../link/link.ts';
import type { Emit, Event } from '../../telemetry/event.ts';
import type { Catalogue } from '../catalogue.ts';
import type { HubEvents } from '../events/hub-events.ts';
import { AccessLog, type AccessLogOptions } from './access-log.ts';
import { Connections } from './connections.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type Gauge, Metrics } from './metrics.ts';
import { RequestTally } from './request-tally.ts';
import { Traffic } from './traffic.ts';

export interface OperationsOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly accessLog?: AccessLogOptions | undefined;
  /** Whether /metrics answers; true unless given. */
  readonly metrics?: boolean | undefined;
  /** How long the port stays open after /readyz has begun to say no. */
  readonly drainDelayMs?: number | undefined;
}

/** What gauges are read from. */
interface Parts {
  readonly server: Server;
  readonly catalogue: Pick<Catalogue, 'size' | 'backlog'>;
  readonly link: Pick<Link, 'sentBytes' | 'receivedBytes'>;
  readonly events: HubEvents;
}

interface Listener {
  handleEvent(event: Event): void;
}

export class Operations {
  readonly traffic: Traffic;
  readonly limits: Limits;
  readonly drainDelayMs: number;
  readonly #log: AccessLog | undefined;
  readonly #tally: RequestTally | undefined;
  readonly #listeners: Listener[];
  readonly #onEvent: Emit;

  private constructor(options: OperationsOptions, log: AccessLog | undefined, emit: Emit) {
    this.traffic = new Traffic({ detailed: log !== undefined });
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.drainDelayMs = options.drainDelayMs ?? 0;
    this.#log = log;
    this.#tally = options.metrics === false ? undefined : new RequestTally();
    this.#listeners = [log, this.#tally].filter((listener) => listener !== undefined);
    this.#onEvent = emit;
  }

  /** @throws HubswarmError when the log cannot be written */
  static async open(options: OperationsOptions, emit: Emit): Promise<Operations> {
    const log = options.accessLog && (await AccessLog.open(options.accessLog, emit));
    return new Operations(options, log, emit);
  }

  /** Where the hub reports to. */
  readonly emit: Emit = (event) => {
    this.#onEvent(event);
    for (const listener of this.#listeners) listener.handleEvent(event);
  };

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Call once, before the server listens. Undefined when they are not to be seen. */
  metricsOf(parts: Parts): Metrics | undefined {
    const connections = new Connections(parts.server, this.limits);
    const tally = this.#tally;
    if (!tally) return undefined;
    return new Metrics(tally, gaugesOf(parts, connections, tally, this.traffic));
  }

  async reopenLogs(): Promise<void> {
    await this.#log?.reopen();
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}

function gaugesOf(
  { catalogue, link, events }: Parts,
  connections: Connections,
  tally: RequestTally,
  traffic: Traffic,
): Gauge[] {
  const gauge = (name: string, help: string, read: () => number): Gauge => {
    return { name: `hubswarm_${name}`, help, read, kind: 'gauge' };
  };
  const counter = (name: string, help: string, read: () => number): Gauge => {
    return { name: `hubswarm_${name}_total`, help, read, kind: 'counter' };
  };
  return [
    counter('sent_bytes', 'Payload of downloads, as it is sent.', () => link.sentBytes),
    counter('received_bytes', 'Payload of uploads, as it is taken.', () => link.receivedBytes),
    counter('rate_limited', 'Requests answered with 429.', () => tally.rateLimited),
    counter('stored_files', 'Files that uploads made or replaced.', () => tally.storedFiles),
    counter(
      'refused_connections',
      'Connections closed at once, being too many.',
      () => connections.refused,
    ),
    gauge('open_connections', 'Connections.', () => connections.open),
    gauge('requests_in_flight', 'Requests under way.', () => traffic.running.size),
    gauge('uploads_in_flight', 'Uploads under way.', () => traffic.uploads),
    gauge('catalogue_files', 'Files whose CID is known.', () => catalogue.size),
    gauge('hashing_backlog', 'Files being hashed, or waiting for it.', () => catalogue.backlog),
    gauge('event_subscribers', 'Subscribers of /events.', () => events.feed.subscribers),
    gauge('draining', '1 while the server is stopping.', () => Number(traffic.draining)),
  ];
}
