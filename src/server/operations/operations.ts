// Tools for the operator of a hub: limits, the access log, metrics. All read the one stream of
// events.
import type { Server } from 'node:http';
import type { Emit, Event } from '../../telemetry/event.ts';
import { Traffic } from '../conversation/traffic.ts';
import { AccessLog, type AccessLogOptions } from './access-log.ts';
import { Connections } from './connections.ts';
import type { Gauge } from './gauge.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { Metrics } from './metrics.ts';
import { RequestTally } from './request-tally.ts';

export interface OperationsOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly accessLog?: AccessLogOptions | undefined;
  /** Whether /metrics answers; true unless given. */
  readonly metrics?: boolean | undefined;
  /** How long the port stays open after /readyz says no, in ms. */
  readonly drainDelayMs?: number | undefined;
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
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.traffic = new Traffic({ detailed: log !== undefined, ...this.limits });
    this.drainDelayMs = options.drainDelayMs ?? 0;
    this.#log = log;
    this.#tally = options.metrics === false ? undefined : new RequestTally();
    this.#listeners = [log, this.#tally].filter((listener) => listener !== undefined);
    this.#onEvent = emit;
  }

  /** @throws HubswarmError if the log cannot be written */
  static async open(options: OperationsOptions, emit: Emit): Promise<Operations> {
    const log = options.accessLog && (await AccessLog.open(options.accessLog, emit));
    return new Operations(options, log, emit);
  }

  /** Receives the hub's events. */
  readonly emit: Emit = (event) => {
    this.#onEvent(event);
    for (const listener of this.#listeners) listener.handleEvent(event);
  };

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Holds the server within its limits. Call once, before it listens. */
  limit(server: Server): Connections {
    return new Connections(server, this.limits);
  }

  /** The metrics; undefined if they are switched off. */
  metricsOf(gaugesOf: (tally: RequestTally) => Gauge[]): Metrics | undefined {
    return this.#tally && new Metrics(this.#tally, gaugesOf(this.#tally));
  }

  async reopenLogs(): Promise<void> {
    await this.#log?.reopen();
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}
