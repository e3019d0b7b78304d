// Two other servers: one that serves one after the other, one with more uplink. Neither is
// in Kurose & Ross; both follow from their bound (section 2.5) by counting bytes.
import { invariant } from '../runtime/invariant.ts';
import { type Bound, fluidSwarmBound, serverBound, totalUplink, type Uplinks } from './bounds.ts';

/**
 * When the k-th of N receivers, from 1, is done at the earliest. One at a time (in order
 * of arrival) the first needs F / us and the last as long as with fair sharing, where all
 * end together: the makespan is the same, the mean nearly half. A downlink slower than us
 * holds up a server that serves one at a time.
 */
export function serialCompletionSeconds(links: Uplinks, k: number): number {
  invariant(k >= 1 && k <= links.receivers, 'a receiver is one of those served');
  return (k * links.fileBytes) / Math.min(links.originUplink, links.downlink);
}

/**
 * Over all receivers: (N + 1) / 2 of the first one's. No order of sending has a lesser
 * mean, unless a downlink is slower than us.
 */
export function serialMeanSeconds(links: Uplinks): number {
  return ((links.receivers + 1) / 2) * serialCompletionSeconds(links, 1);
}

/**
 * Bound of one server that has the uplinks of the whole swarm: what equal money buys. Never
 * later than the swarm's fluid bound, and equal to it where all uplinks together limit
 * that: a swarm is fast because receivers bring uplinks.
 */
export function equalUplinkServerBound(links: Uplinks): Bound {
  return serverBound({ ...links, originUplink: totalUplink(links) });
}

/** The fewest replicas whose bound is no later than the swarm's fluid one. */
export function replicasNeeded(links: Uplinks): number {
  const { fileBytes, receivers, originUplink } = links;
  const needed = (receivers * fileBytes) / (originUplink * fluidSwarmBound(links).seconds);
  // A whole number that rounding put a hair above itself is still that number.
  return Math.max(1, Math.ceil(needed * (1 - 4 * Number.EPSILON)));
}
