// The best that theory allows a run, from its setting alone: theory/bounds.ts with who must
// complete, who gives and when each begins. A true lower bound of the makespan of those
// who stay, or 0 where none is known. That a fault takes uplinks away is left out: a run in
// which its moment did not come is held against the same bound.
//
// Beyond Kurose & Ross and Mundinger, Weber & Weiss: receivers that come apart. From the
// start of the j-th on, the N - j that are left need (N - j) F through all uplinks.
import {
  fluidSwarmBound,
  serverBound,
  swarmBound,
  type Bound as Theory,
  totalUplink,
  type Uplinks,
} from '../../theory/bounds.ts';
import type { PlannedRun } from '../terms/planned-run.ts';
import type { Architecture } from '../terms/scenario.ts';
import { originRates, passMs, receiverRates, riderCount, type Setting } from '../terms/setting.ts';
import { removedBy } from './absence.ts';

export interface Bound {
  /** 0 where theory has no word. */
  readonly seconds: number;
  readonly name: string;
}

const largest = (bounds: readonly Bound[]): Bound =>
  bounds.reduce((best, bound) => (bound.seconds > best.seconds ? bound : best));

export function boundOf(setting: Setting, architecture: Architecture): Bound {
  if (setting.link === 'none') return { seconds: 0, name: 'nothing but this machine' };
  const links = linksOf(setting, architecture);
  if (links.receivers === 0) return { seconds: 0, name: 'nobody has to complete' };
  if (setting.arrivals === 'one by one' && setting.attackers === 0) {
    return oneByOne(links, setting.receivers, architecture);
  }
  const together = architecture === 'server' ? serverBound(links) : wholePieces(links, setting);
  if (typeof setting.arrivals === 'string') return together;
  const apartSeconds = (setting.arrivals.apartPasses * passMs(setting)) / 1000;
  return largest([together, ...staggered(links, apartSeconds, architecture)]);
}

/** A rival cuts files as it likes, so a swarm's is the bound for any pieces. */
export function boundOfRun({ setting, architecture, rival }: PlannedRun): Bound {
  if (architecture !== 'rival') return boundOf(setting, architecture);
  const shape = rival?.receiversServe ? 'swarm' : 'server';
  return boundOf({ ...setting, pieceLength: 1 }, shape);
}

/**
 * Uplinks of a run, as theory takes them. Riders give nothing; removed nodes are not waited for.
 */
export function linksOf(setting: Setting, architecture: Architecture): Uplinks {
  const givers = setting.receivers - riderCount(setting);
  // A swarm has one origin, however many hubs a scenario has.
  const origins = architecture === 'server' ? setting.hubs : 1;
  const receiverUplink = Array.from(
    { length: architecture === 'server' ? 0 : givers },
    (_, i) => receiverRates(setting, i).uplinkBytesPerSecond,
  );
  // An attacker has nothing at first, and may pass on what it gets.
  for (let i = 0; i < setting.attackers; i++) {
    receiverUplink.push(receiverRates(setting, i).uplinkBytesPerSecond);
  }
  return {
    fileBytes: setting.fileBytes,
    receivers: Math.max(0, setting.receivers - mostRemoved(setting)),
    originUplink: originRates(setting).uplinkBytesPerSecond * origins,
    receiverUplink,
    downlink: receiverRates(setting, 0).downlinkBytesPerSecond,
  };
}

/** How many receivers the script may take away for good. */
function mostRemoved(setting: Setting): number {
  const { receivers, lifetimeShare, rejoin, faults } = setting;
  const vanishing = lifetimeShare !== null && !rejoin ? Math.floor(receivers / 2) : 0;
  const removed = [...removedBy(faults, receivers)].filter((id) => id.startsWith('receiver-'));
  return vanishing + removed.length;
}

/** The theorem is about equal pieces: to leave out a shorter last one only lowers it. */
function wholePieces(links: Uplinks, { pieceLength }: Setting): Theory {
  const { fileBytes } = links;
  const length = Math.min(pieceLength ?? fileBytes, fileBytes);
  const pieces = Math.floor(fileBytes / length);
  const whole = swarmBound({ ...links, fileBytes: pieces * length }, pieces);
  const fluid = fluidSwarmBound(links);
  return whole.seconds >= fluid.seconds ? whole : fluid;
}

/** The k-th has for itself all that those before it and the origin can give. */
function oneByOne(links: Uplinks, all: number, architecture: Architecture): Bound {
  const { fileBytes, receivers, originUplink, downlink } = links;
  const uplinks = links.receiverUplink as readonly number[];
  const seconds = Array.from({ length: all }, (_, k) => {
    const given = uplinks.slice(0, k).reduce((sum, uplink) => sum + uplink, originUplink);
    return fileBytes / Math.min(given, downlink);
  });
  // Whoever is taken away, those who stay need no less than as many of the last.
  const least = seconds.slice(all - receivers).reduce((sum, time) => sum + time, 0);
  const isServers = architecture === 'server' && originUplink <= downlink;
  return { seconds: least, name: isServers ? 'origin sends N copies' : 'one after the other' };
}

function staggered(links: Uplinks, apartSeconds: number, architecture: Architecture): Bound[] {
  const { fileBytes, receivers, downlink } = links;
  const name = architecture === 'server' ? 'origin sends N copies' : 'all uplinks together';
  const together = Array.from({ length: receivers }, (_, j) => ({
    seconds: j * apartSeconds + ((receivers - j) * fileBytes) / totalUplink(links),
    name,
  }));
  const last = (receivers - 1) * apartSeconds + fileBytes / downlink;
  return [...together, { seconds: last, name: 'the last to come' }];
}
