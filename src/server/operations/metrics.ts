// /metrics in the text format of Prometheus. prom-client is loaded, and the process watched, at the
// first scrape: a hub that is not scraped pays nothing.
import type { Gauge } from './gauge.ts';
import type { RequestTally } from './request-tally.ts';

export class Metrics {
  readonly #tally: RequestTally;
  readonly #gauges: readonly Gauge[];
  #registry: ReturnType<typeof loadRegistry> | undefined;

  constructor(tally: RequestTally, gauges: readonly Gauge[]) {
    this.#tally = tally;
    this.#gauges = gauges;
  }

  async render(): Promise<{ type: string; text: string }> {
    this.#registry ??= loadRegistry(this.#tally, this.#gauges);
    const registry = await this.#registry;
    return { type: registry.contentType, text: await registry.metrics() };
  }
}

async function loadRegistry(tally: RequestTally, gauges: readonly Gauge[]) {
  const { createRegistry } = await import('./prometheus.ts');
  return createRegistry(tally, gauges);
}
