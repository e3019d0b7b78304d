// /metrics in the text format of Prometheus. prom-client is loaded, and the process
// watched, when somebody first asks: a hub that is not scraped pays nothing for it.
import type { Metric, Registry } from 'prom-client';
import { BUCKETS_SECONDS, type RequestTally, type Tallied } from './request-tally.ts';

/** Read when a scrape comes. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Counters only grow. */
  readonly kind: 'gauge' | 'counter';
  readonly read: () => number;
}

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export class Metrics {
  readonly #tally: RequestTally;
  readonly #gauges: readonly Gauge[];
  #registry: Promise<Registry> | undefined;

  constructor(tally: RequestTally, gauges: readonly Gauge[]) {
    this.#tally = tally;
    this.#gauges = gauges;
  }

  async render(): Promise<{ type: string; text: string }> {
    this.#registry ??= this.#load();
    const registry = await this.#registry;
    return { type: registry.contentType, text: await registry.metrics() };
  }

  async #load(): Promise<Registry> {
    const { collectDefaultMetrics, Registry } = await import('prom-client');
    const registry = new Registry();
    const tally = this.#tally;
    const add = (name: string, kind: string, help: string, values: () => Value[]): void => {
      // What the registry asks of a metric; its own classes keep the numbers themselves.
      const metric = { name, get: async () => ({ name, help, type: kind, values: values() }) };
      registry.registerMetric(metric as unknown as Metric);
    };
    const duration = 'hubswarm_request_duration_seconds';
    add('hubswarm_requests_total', 'counter', 'Answered requests.', () => counts(tally, 'count'));
    add('hubswarm_requests_cut_off_total', 'counter', 'Requests whose client left early.', () =>
      counts(tally, 'cutOff'),
    );
    add(duration, 'histogram', 'From the head of a request to the end of its answer.', () =>
      [...tally.rows].flatMap((row) => histogram(row, duration)),
    );
    for (const { name, help, kind, read } of this.#gauges) {
      add(name, kind, help, () => [{ labels: {}, value: read() }]);
    }
    collectDefaultMetrics({ register: registry });
    return registry;
  }
}

const labelsOf = ({ method, route, status }: Tallied) => ({ method, route, status });

function counts(tally: RequestTally, what: 'count' | 'cutOff'): Value[] {
  return [...tally.rows].map((row) => ({ labels: labelsOf(row), value: row[what] }));
}

function histogram(row: Tallied, name: string): Value[] {
  const labels = labelsOf(row);
  let below = 0;
  const buckets = row.buckets.map((count, i) => {
    below += count;
    const le = BUCKETS_SECONDS[i] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: row.seconds },
    { metricName: `${name}_count`, labels, value: row.count },
  ];
}
