// How fast a distribution can be at best, drawn beside every measurement. Lower
// bounds on the makespan in seconds: a run below its bound means that something
// was not capped, never that it was good.
//
// Sources: J. Kurose, K. Ross, Computer Networking: A Top-Down Approach, 8th ed.,
// section 2.5 (both fluid bounds); J. Mundinger, R. Weber, G. Weiss, "Optimal
// scheduling of peer-to-peer file dissemination", Journal of Scheduling 11 (2008)
// 105-120 (equal uplinks, whole pieces).

export interface Uplinks {
  readonly fileBytes: number;
  readonly receivers: number;
  readonly originUplink: number;
  /** Of each receiver, in bytes per second. */
  readonly receiverUplink: number;
  readonly downlink: number;
}

type BoundName =
  | 'origin sends N copies'
  | 'slowest downlink'
  | 'origin sends one copy'
  | 'all uplinks together'
  | 'whole pieces';

export interface Bound {
  readonly seconds: number;
  readonly name: BoundName;
}

const largest = (bounds: readonly Bound[]): Bound =>
  bounds.reduce((best, bound) => (bound.seconds > best.seconds ? bound : best));

/** Client-server: max{N F / us, F / dmin} (Kurose & Ross 2.5). */
export function serverBound({ fileBytes, receivers, originUplink, downlink }: Uplinks): Bound {
  return largest([
    { seconds: (receivers * fileBytes) / originUplink, name: 'origin sends N copies' },
    { seconds: fileBytes / downlink, name: 'slowest downlink' },
  ]);
}

/** Swarm, bits forwarded at once: max{F / us, F / dmin, N F / (us + sum ui)} (Kurose & Ross 2.5). */
export function fluidSwarmBound(links: Uplinks): Bound {
  const { fileBytes, receivers, originUplink, receiverUplink, downlink } = links;
  const together = originUplink + receivers * receiverUplink;
  return largest([
    { seconds: fileBytes / originUplink, name: 'origin sends one copy' },
    { seconds: fileBytes / downlink, name: 'slowest downlink' },
    { seconds: (receivers * fileBytes) / together, name: 'all uplinks together' },
  ]);
}

/** Rounds of one piece each that N receivers need for M pieces at equal uplinks. */
export function wholePieceRounds(receivers: number, pieces: number): number {
  // 31 - clz32 is floor(log2) of a positive 32-bit integer, without rounding errors.
  return pieces + (31 - Math.clz32(receivers));
}

/** Swarm, whole pieces, equal uplinks u: (F / u) (1 + floor(log2 N) / M) (Mundinger, Weber & Weiss). */
export function wholePieceBound(
  fileBytes: number,
  uplink: number,
  receivers: number,
  pieces: number,
): Bound {
  return {
    seconds: (fileBytes / uplink) * (wholePieceRounds(receivers, pieces) / pieces),
    name: 'whole pieces',
  };
}

/** The tightest bound known for a swarm that forwards whole pieces. */
export function swarmBound(links: Uplinks, pieces: number): Bound {
  const fluid = fluidSwarmBound(links);
  if (links.originUplink !== links.receiverUplink) return fluid;
  return largest([
    fluid,
    wholePieceBound(links.fileBytes, links.originUplink, links.receivers, pieces),
  ]);
}
