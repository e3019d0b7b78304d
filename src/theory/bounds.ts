// How fast a distribution can be at best, drawn beside every measurement. Lower
// bounds on the makespan in seconds: a run below its bound means that something
// was not capped, never that it was good.
//
// Sources: J. Kurose, K. Ross, Computer Networking: A Top-Down Approach, 8th ed.,
// section 2.5 (both fluid bounds, for unequal uplinks too); J. Mundinger, R. Weber,
// G. Weiss, "Optimal scheduling of peer-to-peer file dissemination", Journal of
// Scheduling 11 (2008) 105-120 (equal uplinks, whole pieces).
//
// Checked by trying every schedule of rounds (test/theory/bounds.test.ts): the number of
// rounds for all N M <= 9, whether a receiver may take one piece a round or many; and that
// with unequal uplinks, free riders too, none of N <= 3, M <= 2 beats the fluid bound. Taken
// from the papers: that sending side by side, out of step, does not help, and larger cases.
import { invariant } from '../runtime/invariant.ts';

export interface Uplinks {
  readonly fileBytes: number;
  /** Number of receivers that must have the file. */
  readonly receivers: number;
  /** Bytes per second, as are all rates here. */
  readonly originUplink: number;
  /**
   * Uplink of each receiver if they are alike, else a list in any order: 0 for one that gives
   * nothing. The list is longer than `receivers` if others help.
   */
  readonly receiverUplink: number | readonly number[];
  /** The slowest. */
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

/** us + sum ui. */
export function totalUplink({ originUplink, receiverUplink, receivers }: Uplinks): number {
  if (typeof receiverUplink === 'number') return originUplink + receivers * receiverUplink;
  return receiverUplink.reduce((sum, uplink) => sum + uplink, originUplink);
}

/** Client-server: max{N F / us, F / dmin} (Kurose & Ross 2.5). */
export function serverBound({ fileBytes, receivers, originUplink, downlink }: Uplinks): Bound {
  return largest([
    { seconds: (receivers * fileBytes) / originUplink, name: 'origin sends N copies' },
    { seconds: fileBytes / downlink, name: 'slowest downlink' },
  ]);
}

/** Swarm, bits forwarded at once: max{F / us, F / dmin, N F / (us + sum ui)} (Kurose & Ross 2.5). */
export function fluidSwarmBound(links: Uplinks): Bound {
  const { fileBytes, receivers, originUplink, downlink } = links;
  return largest([
    { seconds: fileBytes / originUplink, name: 'origin sends one copy' },
    { seconds: fileBytes / downlink, name: 'slowest downlink' },
    { seconds: (receivers * fileBytes) / totalUplink(links), name: 'all uplinks together' },
  ]);
}

/** Rounds of one piece each that N receivers need for M pieces at equal uplinks. */
export function wholePieceRounds(receivers: number, pieces: number): number {
  invariant(receivers >= 1 && pieces >= 1, 'rounds need a receiver and a piece');
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

/** The theorem is about receivers that all give what the origin gives, and nobody else. */
function areAlike({ originUplink, receiverUplink, receivers }: Uplinks): boolean {
  if (typeof receiverUplink === 'number') return receiverUplink === originUplink;
  return (
    receiverUplink.length === receivers && receiverUplink.every((uplink) => uplink === originUplink)
  );
}

/** The tightest bound known for a swarm that forwards whole pieces. */
export function swarmBound(links: Uplinks, pieces: number): Bound {
  const fluid = fluidSwarmBound(links);
  if (!areAlike(links)) return fluid;
  return largest([
    fluid,
    wholePieceBound(links.fileBytes, links.originUplink, links.receivers, pieces),
  ]);
}
