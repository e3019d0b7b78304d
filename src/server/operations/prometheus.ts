// The registry of prom-client, filled with what this hub counts itself. metrics.ts loads it at the
// first scrape.
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Gauge } from './gauge.ts';
import { BUCKETS_SECONDS, type RequestTally, type Tallied } from './request-tally.ts';

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Makes the registry; from now on it watches the process as well. */
export function createRegistry(tally: RequestTally, gauges: readonly Gauge[]): Registry {
  const registry = new Registry();
  const add = (name: string, kind: string, help: string, values: () => Value[]): void => {
    // The registry needs only this much of a metric; its own classes would keep the numbers
    // themselves.
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
  for (const { name, help, kind, read } of gauges) {
    add(name, kind, help, () => [{ labels: {}, value: read() }]);
  }
  collectDefaultMetrics({ register: registry });
  return registry;
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
