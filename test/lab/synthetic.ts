// Runs as they would look on a machine that does just what theory says, a little slower:
// what measuring gives when nothing is wrong. Tests bend one thing at a time.
import { boundOfRun } from '../../src/lab/analysis/bound.ts';
import type { PlannedRun } from '../../src/lab/terms/planned-run.ts';
import { isPeers } from '../../src/lab/terms/scenario.ts';
import { originRates, passMs, receiverRates, riderCount } from '../../src/lab/terms/setting.ts';
import type { FaultTrace, Life, NodeTrace, Role, Trace } from '../../src/lab/terms/trace.ts';
import type { Event, Stamped } from '../../src/telemetry/event.ts';

const MIB = 2 ** 20;
const GO_AT = 1_760_000_000_000;
/** Slower than the bound by this factor: what the real programs come to. */
const SLOWER = 1.03;
/** Until the first byte moves. */
const SET_UP_MS = { server: 2, swarm: 25, hybrid: 20, rival: 5 } as const;
/** What CPU lets through where nothing holds the links. */
const MACHINE_BYTES_PER_SECOND = 200 * MIB;
/** Of a swarm's origin: one copy, and what was asked for twice. */
const SWARM_COPIES = 1.06;
const EVENTS = 32;

export interface Bend {
  /** Times as long as it should take. */
  slower?: number;
  /** How many receivers, the last ones, never complete; below 0: so many do all the same. */
  stranded?: number;
  /** Wrong pieces that each receiver refuses. */
  refused?: number;
  originCopies?: number;
  /** Of what a peer verifies, the part that it has from the origin. */
  fromOrigin?: number;
  /** Of the file, received twice. */
  duplicates?: number;
  /** Of what was kept, fetched again by those who come back. */
  refetched?: number;
  /** Headers and acknowledgements, as a share of the bytes sent. */
  wire?: number;
  /** Times the CPU time. */
  cpu?: number;
  /** Riders' completions over those of who gives. */
  ridersPace?: number;
  foreignCpuShare?: number;
  /** Bytes that the origin counts beyond those received. */
  lostBytes?: number;
  file?: NodeTrace['file'];
  exit?: Life['exit'];
  loopLagMs?: number;
  unmetFaults?: string[];
}

const at = (ms: number, event: Event): Stamped => ({ t: GO_AT + ms, ...event });
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const finite = (rate: number): number | null => (Number.isFinite(rate) ? rate : null);

/** When the run ends, what happens in it, and how many of the last receivers have no luck. */
interface Fate {
  readonly endMs: number;
  readonly faults: FaultTrace[];
  readonly unmetFaults: string[];
  /** Completing receivers, from the first on. */
  readonly completed: number;
  /** Of the file, with those who do not complete. */
  readonly share: number;
  /** That the origin has sent at its death. */
  readonly originCopies: number;
}

/** The moment of what happens to a node. */
const fault = (what: string, node: string | null, ms: number, sentBytes = 0): FaultTrace => ({
  text: `${what} ${node ?? 'the network'}`,
  do: what,
  node,
  at: GO_AT + ms,
  originSentBytes: sentBytes,
});

/** As it should be: theory's best and a little, in a run in which nothing goes wrong. */
function soundMs(plan: PlannedRun): number {
  const { setting, architecture } = plan;
  const { receivers, fileBytes, link } = setting;
  const seconds =
    link === 'none' ? (receivers * fileBytes) / MACHINE_BYTES_PER_SECOND : boundOfRun(plan).seconds;
  return seconds * 1000 * SLOWER + SET_UP_MS[architecture];
}

function fateOf(plan: PlannedRun, { slower = 1, originCopies = SWARM_COPIES }: Bend): Fate {
  const { setting, architecture } = plan;
  const endMs = soundMs(plan) * slower;
  const all = { completed: setting.receivers, share: 1, originCopies: Number.POSITIVE_INFINITY };
  const plain: Fate = { ...all, endMs, faults: [], unmetFaults: [] };
  if (setting.kill !== null) return killed(plan, plain, originCopies);
  if (setting.lifetimeShare !== null) {
    // A server has sent to those who vanish, and nobody passes it on.
    const lostMs = architecture === 'server' && !setting.rejoin ? 0.4 * endMs : 0;
    return { ...plain, endMs: endMs + lostMs, faults: vanished(plan, endMs) };
  }
  const [first] = setting.faults;
  if (first?.do === 'split') {
    const pauseMs = 1.5 * passMs(setting);
    const splitMs = 0.4 * endMs;
    const faults = [fault('split', null, splitMs), fault('join', null, splitMs + pauseMs)];
    return { ...plain, endMs: endMs + pauseMs, faults };
  }
  if (first?.do !== 'kill' || !('node' in first)) return plain;
  const faults = [fault('kill', first.node, 0.3 * endMs)];
  if (first.node === 'front') return { ...plain, completed: 0, share: 0.3, faults };
  return { ...plain, endMs: endMs * 1.5, faults };
}

/** @param swarmCopies that its origin sends while it lives */
function killed({ setting, architecture }: PlannedRun, plain: Fate, swarmCopies: number): Fate {
  const copies = setting.kill === 'first copy' ? SWARM_COPIES : setting.kill!;
  const isServer = architecture === 'server';
  if (copies > (isServer ? setting.receivers : swarmCopies)) {
    return { ...plain, unmetFaults: [`kill origin after ${copies} copies`] };
  }
  const { uplinkBytesPerSecond } = originRates(setting);
  const killMs = ((copies * setting.fileBytes) / uplinkBytesPerSecond) * 1000 * SLOWER;
  const faults = [fault('kill', 'origin', killMs, copies * setting.fileBytes)];
  const died = { ...plain, faults, originCopies: copies };
  if (isServer && setting.hubs > 1) return { ...died, endMs: Math.max(plain.endMs, killMs) * 2 };
  if (!isServer && copies >= 1) return { ...died, endMs: Math.max(plain.endMs, killMs) };
  // Who comes alone may have been served alone.
  const completed = setting.arrivals === 'together' ? 0 : Math.floor(copies);
  const share = isServer ? (copies - completed) / setting.receivers : copies;
  return { ...died, endMs: killMs, completed, share };
}

function vanished({ setting }: PlannedRun, endMs: number): FaultTrace[] {
  const victims = Array.from({ length: setting.receivers }, (_, i) => i).filter((i) => i % 2 === 1);
  const kills = victims.map((i) => fault('kill', `receiver-${i + 1}`, 0.4 * endMs));
  if (!setting.rejoin) return kills;
  return [...kills, ...victims.map((i) => fault('restart', `receiver-${i + 1}`, 0.5 * endMs))];
}

/** What a process reports of itself. */
interface Work {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Verified in this life, from this share of the file on. */
  readonly verifiedBytes: number;
  readonly fromShare: number;
  readonly isDone: boolean;
  readonly refused: number;
  /** Of what it verifies. */
  readonly fromOrigin: number;
  readonly cpuMs: number;
  readonly loopLagMs: number;
}

const IDLE: Work = {
  fromMs: 0,
  toMs: 0,
  sentBytes: 0,
  receivedBytes: 0,
  verifiedBytes: 0,
  fromShare: 0,
  isDone: false,
  refused: 0,
  fromOrigin: 1,
  cpuMs: 40,
  loopLagMs: 5,
};

function eventsOf(plan: PlannedRun, work: Work): Stamped[] {
  const { fileBytes, pieceLength } = plan.setting;
  const pieces = Math.ceil(fileBytes / pieceLength!);
  const { fromMs, toMs, sentBytes, receivedBytes, verifiedBytes, fromShare } = work;
  const resumedBytes = fromShare * fileBytes;
  const file = { cid: 'cid', name: 'sample.bin', bytes: fileBytes };
  const usage = { event: 'usage_sampled', rssBytes: 80 * MIB, loopLagMs: work.loopLagMs } as const;
  const events: Stamped[] = [at(fromMs, { ...usage, cpuMs: 100 })];
  const takes = verifiedBytes > 0;
  if (takes) {
    const started = { ...file, pieces, resumedBytes, verified: true };
    events.push(at(fromMs, { event: 'transfer_started', ...started }));
    // All receivers are one to each other.
    const peer = { role: 'peer', peerId: 'receiver' } as const;
    events.push(at(fromMs, { event: 'listening', ...peer, addresses: [] }));
  }
  for (let i = 0; i < work.refused; i++) {
    events.push(at(fromMs, { event: 'piece_rejected', cid: 'cid', piece: 0, remote: 'other' }));
  }
  for (let i = 1; i <= EVENTS; i++) {
    const ms = fromMs + ((toMs - fromMs) * i) / EVENTS;
    const part = i / EVENTS;
    const piece = Math.floor((fromShare + (verifiedBytes / fileBytes) * part) * pieces * 0.999);
    const bytes = verifiedBytes / EVENTS;
    const remote = part <= work.fromOrigin ? 'origin' : 'receiver';
    if (takes) events.push(at(ms, { event: 'piece_verified', cid: 'cid', piece, bytes, remote }));
    const counts = { sentBytes: sentBytes * part, receivedBytes: receivedBytes * part };
    events.push(at(ms, { event: 'link_counted', ...counts }));
  }
  if (work.isDone) {
    const { name, bytes } = file;
    events.push(at(toMs, { event: 'transfer_completed', name, path: name, bytes, ms: toMs }));
  }
  events.push(at(toMs, { ...usage, cpuMs: 100 + work.cpuMs }));
  return events;
}

function life(plan: PlannedRun, work: Work, rest: Partial<Life> = {}): Life {
  const cpu = { cpuAtGoMs: 100, cpuAtEndMs: 100 + work.cpuMs };
  return { events: eventsOf(plan, work), goAt: null, exit: null, lastWords: '', ...cpu, ...rest };
}

const SIGKILL = { code: null, signal: 'SIGKILL' } as const;

/** What a run of the plan shows, bent as told. */
export function syntheticTrace(plan: PlannedRun, bend: Bend = {}): Trace {
  const { setting, architecture } = plan;
  const fate = fateOf(plan, bend);
  const completed = Math.max(0, fate.completed - (bend.stranded ?? 0));
  const receivers = receiversOf(plan, bend, { ...fate, completed });
  const received = total(receivers.map(({ work }) => total(work.map((one) => one.receivedBytes))));
  const sources = sourcesOf(plan, bend, fate, received);
  const passedOn = Math.max(0, received - total(sources.map(({ work }) => work.sentBytes)));
  const givers = receivers.filter(({ role }) => role === 'receiver');
  const uplinks = total(
    givers.map(({ index }) => receiverRates(setting, index).uplinkBytesPerSecond),
  );
  const wire = (sentBytes: number, receivedBytes: number): NodeTrace['wire'] => {
    const with_ = 1 + (bend.wire ?? 0.07);
    if (setting.link !== 'netns') return null;
    return { sentBytes: sentBytes * with_, receivedBytes: receivedBytes * with_ };
  };
  const endedMs = fate.endMs + (completed < setting.receivers ? 2000 : 1);
  return {
    plan,
    goAt: GO_AT,
    endedAt: GO_AT + Math.max(endedMs, ...receivers.map(({ work }) => work.at(-1)!.toMs)),
    faults: fate.faults,
    unmetFaults: bend.unmetFaults ?? fate.unmetFaults,
    foreignCpuShare: bend.foreignCpuShare ?? 0.02,
    nodes: [
      ...sources.map(({ id, role, work }): NodeTrace => {
        const { uplinkBytesPerSecond, downlinkBytesPerSecond } = originRates(setting);
        const isDead = fate.faults.some((one) => one.do === 'kill' && one.node === id);
        const sent = work.sentBytes + (id === 'origin' ? (bend.lostBytes ?? 0) : 0);
        return {
          id,
          role,
          uplinkBytesPerSecond: role === 'front' ? null : finite(uplinkBytesPerSecond),
          downlinkBytesPerSecond: role === 'front' ? null : finite(downlinkBytesPerSecond),
          lives: [life(plan, { ...work, sentBytes: sent }, isDead ? { exit: SIGKILL } : {})],
          file: null,
          wire: wire(work.sentBytes, 0),
        };
      }),
      ...receivers.map(({ id, role, index, goMs, work, isDead }): NodeTrace => {
        const rates = receiverRates(setting, index);
        const gives = role === 'receiver' && isPeers(architecture);
        const share =
          setting.link === 'none' ? 1 / givers.length : rates.uplinkBytesPerSecond / uplinks;
        const sentBytes = gives ? passedOn * share : 0;
        const isDone = work.some((one) => one.isDone);
        const over = isDone && setting.leaves ? { code: 0, signal: null } : null;
        const own =
          index === 0 && bend.exit ? { exit: bend.exit, lastWords: 'it broke' } : { exit: over };
        return {
          id,
          role,
          uplinkBytesPerSecond: finite(rates.uplinkBytesPerSecond),
          downlinkBytesPerSecond: finite(rates.downlinkBytesPerSecond),
          lives: work.map((one, i) =>
            life(
              plan,
              { ...one, sentBytes: sentBytes / work.length },
              { goAt: GO_AT + goMs, ...(isDead && i === 0 ? { exit: SIGKILL } : own) },
            ),
          ),
          file: isDone ? (index === 0 && bend.file) || 'same' : 'absent',
          wire: wire(sentBytes, total(work.map((one) => one.receivedBytes))),
        };
      }),
      ...Array.from({ length: setting.attackers }, (_, i): NodeTrace => {
        const uplinkBytesPerSecond = setting.uplinkBytesPerSecond;
        const work = { ...IDLE, toMs: fate.endMs };
        return {
          id: `attacker-${i + 1}`,
          role: 'attacker',
          uplinkBytesPerSecond,
          downlinkBytesPerSecond: null,
          lives: [life(plan, work)],
          file: null,
          wire: wire(0, 0),
        };
      }),
    ],
  };
}

interface Source {
  readonly id: string;
  readonly role: Role;
  readonly work: Work;
}

/** Who has the file from the start, and what stands before them. */
function sourcesOf(plan: PlannedRun, bend: Bend, fate: Fate, received: number): Source[] {
  const { setting, architecture } = plan;
  const { fileBytes, hubs, front } = setting;
  const uplink = originRates(setting).uplinkBytesPerSecond;
  const uplinks = Array.from(
    { length: setting.receivers - riderCount(setting) },
    (_, i) => receiverRates(setting, i).uplinkBytesPerSecond,
  );
  const itsPart = setting.link === 'none' ? 0 : (received * uplink) / (uplink + total(uplinks));
  const swarmBytes = Math.min(received, Math.max(SWARM_COPIES * fileBytes, itsPart));
  const allBytes =
    bend.originCopies === undefined
      ? architecture === 'server'
        ? received
        : swarmBytes
      : bend.originCopies * fileBytes;
  const ownBytes = Math.min(allBytes / hubs, fate.originCopies * fileBytes);
  const restMs = ((ownBytes / uplink) * 1000 || 0) * SLOWER;
  const toMs = Math.min(fate.endMs, Math.max(restMs, 1));
  const diesAt = fate.faults.find((one) => one.do === 'kill' && one.node === 'origin')?.at;
  const origin: Source = {
    id: 'origin',
    role: 'origin',
    work: {
      ...IDLE,
      sentBytes: ownBytes,
      toMs: diesAt === undefined ? toMs : diesAt - GO_AT,
      cpuMs: IDLE.cpuMs * (bend.cpu ?? 1),
    },
  };
  const others = Array.from({ length: hubs - 1 }, (_, i): Source => {
    const sentBytes = (allBytes - ownBytes) / (hubs - 1);
    return { id: `hub-${i + 2}`, role: 'hub', work: { ...IDLE, sentBytes, toMs: fate.endMs } };
  });
  const hasFront = architecture === 'server' && front !== 'mirrors';
  const work = { ...IDLE, toMs: fate.endMs };
  return [origin, ...others, ...(hasFront ? [{ id: 'front', role: 'front', work } as const] : [])];
}

interface Receiver {
  readonly id: string;
  readonly role: Role;
  readonly index: number;
  readonly goMs: number;
  /** Life by life. */
  readonly work: Work[];
  readonly isDead: boolean;
}

function receiversOf(plan: PlannedRun, bend: Bend, fate: Fate): Receiver[] {
  const { setting } = plan;
  const { receivers, arrivals } = setting;
  return Array.from({ length: receivers }, (_, index): Receiver => {
    const isRider = index >= receivers - riderCount(setting);
    const pace = setting.choker === 'tit-for-tat' ? 1.2 : 1;
    const goMs = typeof arrivals === 'object' ? index * arrivals.apartPasses * passMs(setting) : 0;
    // The last one at the makespan; others a little before, or in their turn.
    const turn =
      arrivals === 'together'
        ? 1 - (0.05 * (receivers - 1 - index)) / receivers
        : (index + 1) / receivers;
    const endMs = Math.max(goMs + 1, fate.endMs * turn) * (isRider ? (bend.ridersPace ?? pace) : 1);
    const id = `receiver-${index + 1}`;
    const isDead = fate.faults.some((one) => one.do === 'kill' && one.node === id);
    const isBack = fate.faults.some((one) => one.do === 'restart' && one.node === id);
    const isDone = index < fate.completed && (!isDead || isBack);
    const work = lives(plan, bend, { fate, goMs, endMs, isDead, isBack, isDone });
    return { id, role: isRider ? 'rider' : 'receiver', index, goMs, work, isDead };
  });
}

interface Course {
  readonly fate: Fate;
  readonly goMs: number;
  readonly endMs: number;
  readonly isDead: boolean;
  readonly isBack: boolean;
  readonly isDone: boolean;
}

function lives({ setting, architecture }: PlannedRun, bend: Bend, course: Course): Work[] {
  const { fate, goMs, endMs, isDead, isBack, isDone } = course;
  const { fileBytes, attackers, attack, pieceLength } = setting;
  const pieces = Math.ceil(fileBytes / pieceLength!);
  const poisoned = attackers > 0 && attack === 'poison' && isPeers(architecture) ? 1 : 0;
  const slow = isPeers(architecture) ? 2 : 1;
  const common = {
    ...IDLE,
    fromMs: goMs + Math.min(SET_UP_MS[architecture], (endMs - goMs) / 2),
    loopLagMs: bend.loopLagMs ?? IDLE.loopLagMs,
    refused: bend.refused ?? poisoned,
    fromOrigin: architecture === 'server' ? 1 : (bend.fromOrigin ?? 0.1),
    // Some for each byte, and some for each piece.
    cpuMs: ((fileBytes / MIB) * 5 + pieces * 0.3) * slow * (bend.cpu ?? 1),
  };
  const work = (share: number, from: Partial<Work>): Work => ({
    ...common,
    toMs: endMs,
    receivedBytes: share * fileBytes * (1 + (bend.duplicates ?? 0)),
    verifiedBytes: share * fileBytes,
    ...from,
  });
  if (!isDead) return [work(isDone ? 1 : Math.min(fate.share, 0.99), { isDone })];
  const first = work(0.4, { toMs: 0.4 * fate.endMs });
  if (!isBack) return [first];
  const kept = 0.4 * (1 - (bend.refetched ?? 0.05));
  const rest = isDone ? 1 - kept : 0.3;
  return [first, work(rest, { fromMs: 0.5 * fate.endMs, fromShare: kept, isDone })];
}
