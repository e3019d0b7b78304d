// One figure of /metrics beside those of the requests.

/** Read when a scrape comes. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Counters only grow. */
  readonly kind: 'gauge' | 'counter';
  readonly read: () => number;
}
