// The metrics of a run, by name: scenarios name them in their claims, summaries
// and tables go through them. Each says which way a busy machine moves it, since a claim
// must not profit from load.

export interface Metric {
  /** Head of a table's column. */
  readonly text: string;
  readonly unit: 'ms' | 'bytes' | 'share' | 'ratio' | 'copies' | 'seconds per GiB' | 'count';
  /** Effect of other programs' load on it. (A peer that waits is sent blocks twice.) */
  readonly load: 'raises' | 'lowers' | 'leaves';
}

export const METRICS = {
  /** Last completion, from the go on, of all that the script does not take away. */
  makespanMs: { text: 'makespan', unit: 'ms', load: 'raises' },
  /**
   * Over all receivers, from the moment at which each wants the file (its own go; for those
   * served one by one, the run's); one that never completed is later than all others.
   */
  medianMs: { text: 'median completion', unit: 'ms', load: 'raises' },
  meanMs: { text: 'mean completion', unit: 'ms', load: 'raises' },
  firstPieceMs: { text: 'first piece', unit: 'ms', load: 'raises' },
  /** Completed over started. */
  reach: { text: 'reach', unit: 'share', load: 'lowers' },
  /** Reach of the receivers that no step of the script kills. */
  stayersReach: { text: 'reach of those who stay', unit: 'share', load: 'lowers' },
  /** Bound over makespan. */
  efficiency: { text: 'bound / measured', unit: 'ratio', load: 'lowers' },
  /**
   * The same over the time from the last receiver that listens, where starting is a part of the
   * run; of a swarm.
   */
  fromListening: { text: 'bound / measured from listening', unit: 'ratio', load: 'lowers' },
  /** Sent by all that had the file from the start. */
  originCopies: { text: 'origin copies', unit: 'copies', load: 'raises' },
  /** Share of what the last receiver verified that no other receiver had sent. */
  lastOriginShare: { text: 'origin share of the last', unit: 'share', load: 'raises' },
  duplicateShare: { text: 'received in vain', unit: 'share', load: 'raises' },
  /** Bytes fetched again by nodes that came back, over the size of the file. */
  refetchedShare: { text: 'fetched again', unit: 'share', load: 'leaves' },
  /** Bytes on all links over those delivered, less one; of the kernel's links alone. */
  wireOverhead: { text: 'wire overhead', unit: 'share', load: 'leaves' },
  /** Share of a link's cap that was used, from the first verified piece to the last (N = 1). */
  linkUse: { text: 'of the cap', unit: 'share', load: 'lowers' },
  /** Bytes that all uplinks sent, over the bytes that they could send until the last completion. */
  uplinkUse: { text: 'uplinks used', unit: 'share', load: 'lowers' },
  /** Jain's index of what the receivers sent. */
  fairness: { text: 'evenness of sending', unit: 'share', load: 'leaves' },
  cpuSecondsPerGib: { text: 'CPU s/GiB', unit: 'seconds per GiB', load: 'raises' },
  cpuStartMs: { text: 'CPU to start a process', unit: 'ms', load: 'raises' },
  rssPeakBytes: { text: 'largest process', unit: 'bytes', load: 'leaves' },
  /** Completed files that are not the one sent. */
  badFiles: { text: 'bad files', unit: 'count', load: 'leaves' },
  /** Pieces that came with wrong bytes and were refused. */
  refusedPieces: { text: 'pieces refused', unit: 'count', load: 'leaves' },
  /** Median completion of nodes that give, and of nodes that only take. */
  giversMs: { text: 'median of givers', unit: 'ms', load: 'raises' },
  ridersMs: { text: 'median of free riders', unit: 'ms', load: 'raises' },
  ridersOverGivers: { text: 'free riders / givers', unit: 'ratio', load: 'leaves' },
  /** Longest time in which nobody verified anything, before all were done or given up. */
  outageMs: { text: 'longest outage', unit: 'ms', load: 'raises' },
  /** Mean completion of the receivers with the fastest uplink over that of the slowest. */
  fastOverSlow: { text: 'fast / slow uplinks', unit: 'ratio', load: 'leaves' },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];
