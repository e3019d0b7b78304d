import { describe, expect, it } from 'vitest';
import { foldRun } from '../../../src/lab/analysis/fold.ts';
import type { Metrics } from '../../../src/lab/analysis/fold-metrics.ts';
import { foldNode } from '../../../src/lab/analysis/fold-node.ts';
import { METRIC_NAMES } from '../../../src/lab/terms/metric.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';
import type { FaultTrace, Life, NodeTrace, Trace } from '../../../src/lab/terms/trace.ts';
import type { Event, Stamped } from '../../../src/telemetry/event.ts';

const GO = 1000;
const FILE = 1000;

const at = (ms: number, event: Event): Stamped => ({ t: GO + ms, ...event });
const piece = (ms: number, bytes: number, number = 0): Stamped =>
  at(ms, { event: 'piece_verified', cid: 'c', piece: number, bytes, remote: 'r' });
const counted = (ms: number, sentBytes: number, receivedBytes = 0): Stamped =>
  at(ms, { event: 'link_counted', sentBytes, receivedBytes });
const done = (ms: number): Stamped =>
  at(ms, { event: 'transfer_completed', name: 'f', path: 'f', bytes: FILE, ms });
const started = (ms: number, resumedBytes: number): Stamped =>
  at(ms, {
    ...{ event: 'transfer_started', cid: 'c', name: 'f', bytes: FILE, pieces: 10 },
    ...{ resumedBytes, verified: true },
  });
const usage = (ms: number, cpuMs: number, loopLagMs = 1): Stamped =>
  at(ms, { event: 'usage_sampled', cpuMs, rssBytes: 10 + cpuMs, loopLagMs });

const life = (events: Stamped[], over: Partial<Life> = {}): Life => ({
  events,
  goAt: GO,
  cpuAtGoMs: 100,
  cpuAtEndMs: 130,
  exit: null,
  lastWords: '',
  ...over,
});

const node = (id: string, lives: Life[], over: Partial<NodeTrace> = {}): NodeTrace => ({
  id,
  role: id.startsWith('receiver') ? 'receiver' : 'origin',
  uplinkBytesPerSecond: 1000,
  downlinkBytesPerSecond: 5000,
  lives,
  file: id.startsWith('receiver') ? 'same' : null,
  wire: null,
  ...over,
});

/** Has it all at that moment, in one piece. */
const whole = (id: string, ms: number, over: Partial<NodeTrace> = {}): NodeTrace =>
  node(id, [life([piece(ms, FILE), counted(ms, 0, FILE), done(ms)])], over);
const never = (id: string): NodeTrace => node(id, [life([])], { file: 'absent' });

const fault = (what: string, id: string | null, ms: number): FaultTrace => ({
  ...{ text: what, do: what, node: id, at: GO + ms, originSentBytes: 0 },
});

function trace(nodes: NodeTrace[], given: Partial<Setting> = {}, over: Partial<Trace> = {}): Trace {
  const setting: Setting = {
    ...DEFAULTS,
    ...{ fileBytes: FILE, pieceLength: FILE, uplinkBytesPerSecond: 1000 },
    receivers: nodes.filter(({ id }) => id.startsWith('receiver')).length,
    ...given,
  };
  const plan: PlannedRun = {
    ...{ id: 's/all/swarm/1', scenario: 's', arm: 'swarm', architecture: 'swarm' },
    ...{ point: {}, repetition: 0, seed: 1, setting },
  };
  return {
    ...{ plan, goAt: GO, endedAt: GO + 5000, faults: [], unmetFaults: [], foreignCpuShare: 0 },
    nodes,
    ...over,
  };
}

const metricsOf = (...given: Parameters<typeof trace>): Metrics =>
  foldRun(trace(...given)).metrics as Metrics;

describe('foldNode', () => {
  const folded = (one: NodeTrace, faults: FaultTrace[] = []) =>
    foldNode(one, { goAt: GO, faults }, false);

  it('measures everything from the go', () => {
    const events = [piece(100, 10), counted(200, 1, 10), piece(300, 30), counted(301, 7, 41)];
    expect(folded(node('receiver-1', [life([...events, done(302)])]))).toMatchObject({
      goMs: 0,
      firstPieceMs: 100,
      completedMs: 302,
      ...{ sentBytes: 7, receivedBytes: 41, verifiedBytes: 40, resumedBytes: 0, lives: 1 },
      progress: [
        [100, 10],
        [300, 40],
      ],
      sending: [
        [200, 1],
        [301, 7],
      ],
    });
  });

  it('adds up its lives, and keeps what it came back with apart', () => {
    const first = life([piece(10, 400), counted(11, 5, 420)], {
      exit: { code: null, signal: 'SIGKILL' },
    });
    const second = life([started(50, 300), piece(60, 700), counted(61, 6, 710), done(61)]);
    const found = folded(node('receiver-1', [first, second]), [fault('kill', 'receiver-1', 12)]);
    expect(found).toMatchObject({
      ...{ lives: 2, sentBytes: 11, receivedBytes: 1130, verifiedBytes: 1100, resumedBytes: 300 },
      completedMs: 61,
      exit: null,
      cpuTransferMs: 60,
      progress: [
        [10, 400],
        [50, 300],
        [60, 1000],
      ],
    });
  });

  it.each<[string, FaultTrace[], Life['exit'], Life['exit']]>([
    ['the script', [fault('kill', 'receiver-1', 1)], { code: null, signal: 'SIGKILL' }, null],
    ['nobody known', [], { code: null, signal: 'SIGKILL' }, { code: null, signal: 'SIGKILL' }],
    [
      'itself, although killing was planned',
      [fault('kill', 'receiver-1', 1)],
      { code: 1, signal: null },
      { code: 1, signal: null },
    ],
  ])('ended by %s', (_, faults, exit, expected) => {
    expect(folded(node('receiver-1', [life([], { exit })]), faults).exit).toEqual(expected);
  });

  it('takes the later of two CPU readings, and none before the go for work', () => {
    const sampled = life([usage(-10, 90), usage(500, 150)]);
    expect(folded(node('origin', [sampled]))).toMatchObject({ cpuStartMs: 100, cpuTransferMs: 50 });
    const unknown = life([], { cpuAtGoMs: null });
    expect(folded(node('origin', [unknown]))).toMatchObject({
      cpuStartMs: null,
      cpuTransferMs: null,
    });
    // Started after the go: its start was not looked at, its work was.
    const late = folded(node('receiver-1', [life([], { cpuAtGoMs: 0 })]));
    expect(late).toMatchObject({ cpuStartMs: null, cpuTransferMs: 130 });
  });

  it('holds start-up against nobody: lag counts from the first sample after the go', () => {
    const samples = [usage(-100, 1, 500), usage(100, 2, 400), usage(600, 3, 7), usage(900, 4, 3)];
    expect(folded(node('receiver-1', [life(samples)])).loopLagMs).toBe(7);
  });

  it('keeps the first and last point of a long series', () => {
    const events = Array.from({ length: 5000 }, (_, i) => piece(i, 1));
    const { progress } = folded(node('receiver-1', [life(events)]));
    expect(progress).toHaveLength(64);
    expect(progress[0]).toEqual([0, 1]);
    expect(progress.at(-1)).toEqual([4999, 5000]);
  });
});

describe('foldRun', () => {
  const origin = node('origin', [life([counted(500, 1000), counted(2000, 1500)])]);
  const receivers = [
    whole('receiver-1', 1000),
    whole('receiver-2', 2000),
    whole('receiver-3', 4000),
  ];

  it('has every metric, those without a meaning as null', () => {
    const metrics = metricsOf([origin, ...receivers], { startUp: 'measured' });
    expect(Object.keys(metrics).sort()).toEqual([...METRIC_NAMES].sort());
    expect(metrics).toMatchObject({
      ...{ makespanMs: 4000, medianMs: 2000, reach: 1, stayersReach: 1, originCopies: 1.5 },
      ...{ giversMs: 2000, ridersMs: null, ridersOverGivers: null, fastOverSlow: null },
      ...{ lastOriginShare: null, refetchedShare: null, wireOverhead: null, linkUse: null },
      ...{ badFiles: 0, refusedPieces: 0, duplicateShare: 0, fairness: null, outageMs: 2000 },
    });
    expect(metrics.meanMs).toBeCloseTo(7000 / 3, 9);
    // 4 uplinks of 1000 B/s for 4 s.
    expect(metrics.uplinkUse).toBeCloseTo(1500 / 16000, 9);
    // 4 x 30 ms for 3000 bytes.
    expect(metrics.cpuSecondsPerGib).toBeCloseTo((0.12 * 2 ** 30) / 3000, 6);
  });

  it('leaves out what it takes until the last receiver listens, where that is measured', () => {
    const listening = (ms: number): Stamped => ({
      ...{ event: 'listening', t: GO + ms, role: 'peer', addresses: [] },
    });
    const started = (id: string, ms: number) =>
      node(id, [life([listening(ms), piece(4000, FILE), counted(4000, 0, FILE), done(4000)])]);
    const nodes = [origin, started('receiver-1', 500), started('receiver-2', 1000)];
    const metrics = metricsOf(nodes, { startUp: 'measured' });
    expect(metrics.fromListening! / metrics.efficiency!).toBeCloseTo(4000 / 3000, 9);
    expect(metricsOf(nodes)).not.toHaveProperty('fromListening');
  });

  it('never finishing is later than all others: in the makespan, the mean and the median', () => {
    const one = metricsOf([origin, receivers[0]!, receivers[1]!, never('receiver-3')]);
    expect(one).toMatchObject({ makespanMs: null, meanMs: null, medianMs: 2000, efficiency: null });
    expect(one.reach).toBeCloseTo(2 / 3, 9);
    // Given up at 5 s, 3 s after the last piece.
    expect(one.outageMs).toBe(3000);
    const two = metricsOf([origin, receivers[0]!, never('receiver-2'), never('receiver-3')]);
    expect(two.medianMs).toBeNull();
  });

  it.each<[string, FaultTrace[], Partial<Record<keyof Metrics, number | null>>, boolean]>([
    ['killed', [fault('kill', 'receiver-3', 9)], { makespanMs: 2000, stayersReach: 1 }, true],
    ['cut off', [fault('cut', 'receiver-3', 9)], { makespanMs: 2000, stayersReach: 1 }, true],
    ['split off', [fault('split', null, 9)], { makespanMs: 2000, stayersReach: 1 }, true],
    [
      'brought back',
      [fault('kill', 'receiver-3', 9), fault('restart', 'receiver-3', 20)],
      { makespanMs: null, stayersReach: 2 / 3 },
      false,
    ],
    [
      'joined again',
      [fault('split', null, 9), fault('join', null, 20)],
      { makespanMs: null, stayersReach: 2 / 3 },
      false,
    ],
    ['another', [fault('kill', 'origin', 9)], { makespanMs: null, stayersReach: 2 / 3 }, false],
  ])('of one that the script took away: %s', (_, faults, expected, removed) => {
    const nodes = [origin, receivers[0]!, receivers[1]!, never('receiver-3')];
    const run = foldRun(trace(nodes, {}, { faults }));
    expect(run.metrics).toMatchObject(expected);
    expect(run.metrics.reach).toBeCloseTo(2 / 3, 9);
    expect(run.nodes.at(-1)?.removed).toBe(removed);
  });

  it('counts waiting from the own go where receivers come apart, and from the run’s elsewhere', () => {
    const late = (id: string, goMs: number, ms: number): NodeTrace =>
      node(id, [life([piece(ms, FILE), done(ms)], { goAt: GO + goMs })]);
    const nodes = [origin, late('receiver-1', 0, 1000), late('receiver-2', 600, 2000)];
    const apart = metricsOf(nodes, { arrivals: { apartPasses: 0.6 } });
    expect(apart).toMatchObject({ meanMs: 1200, medianMs: 1200, makespanMs: 2000 });
    const oneByOne = metricsOf(nodes, { arrivals: 'one by one' });
    expect(oneByOne).toMatchObject({ meanMs: 1500, makespanMs: 2000 });
  });

  it('finds what the last to come has from the origin', () => {
    const from = (remote: string, bytes: number): Stamped => ({
      ...{ t: GO + 1500, event: 'piece_verified', cid: 'c', piece: 0, bytes, remote },
    });
    const known: Stamped = {
      t: GO,
      event: 'listening',
      role: 'peer',
      addresses: [],
      peerId: 'one',
    };
    const first = node('receiver-1', [life([known, piece(900, FILE), done(900)])]);
    const last = node('receiver-2', [
      life([from('one', 300), from('origin', 100), done(2000)], { goAt: GO + 600 }),
    ]);
    const share = (nodes: NodeTrace[], arrivals: Setting['arrivals']) =>
      metricsOf(nodes, { arrivals }).lastOriginShare;
    expect(share([origin, first, last], { apartPasses: 0.6 })).toBeCloseTo(0.25, 9);
    expect(share([origin, first, last], 'together')).toBeNull();
    expect(share([origin, first, never('receiver-2')], { apartPasses: 0.6 })).not.toBe(0.25);
  });

  it('tells givers from free riders', () => {
    const rider = whole('receiver-2', 3000, { role: 'rider' });
    const metrics = metricsOf([origin, receivers[0]!, rider], { riderShare: 0.5 });
    expect(metrics).toMatchObject({ giversMs: 1000, ridersMs: 3000, ridersOverGivers: 3 });
    expect(metrics).toMatchObject({ makespanMs: 3000, reach: 1 });
  });

  it('finds what was fetched again by who came back, on average', () => {
    const back = (id: string, resumed: number): NodeTrace =>
      node(id, [
        life([piece(10, 400)]),
        life([started(50, resumed), piece(60, FILE - resumed), done(61)]),
      ]);
    const nodes = [origin, back('receiver-1', 400), back('receiver-2', 200), receivers[2]!];
    expect(metricsOf(nodes).refetchedShare).toBeCloseTo(0.1, 9);
  });

  it('measures one link alone from the first piece to the last', () => {
    const alone = node('receiver-1', [life([piece(500, 100), piece(1000, 500), done(1000)])]);
    expect(metricsOf([origin, alone]).linkUse).toBe(1);
    expect(metricsOf([origin, alone, receivers[1]!]).linkUse).toBeNull();
    const open = { uplinkBytesPerSecond: null, downlinkBytesPerSecond: null };
    expect(
      metricsOf([
        { ...origin, ...open },
        { ...alone, ...open },
      ]).linkUse,
    ).toBeNull();
  });

  it('counts the wire, bad files, refused pieces and bytes in vain', () => {
    const wire = (sentBytes: number): Partial<NodeTrace> => ({
      wire: { sentBytes, receivedBytes: 0 },
    });
    const bad = at(5, { event: 'piece_rejected', cid: 'c', piece: 0, remote: 'r' });
    const events = [bad, piece(1000, FILE), counted(1000, 0, 1100), done(1000)];
    const one = node('receiver-1', [life(events)], { ...wire(50), file: 'different' });
    const metrics = metricsOf([{ ...origin, ...wire(1100) }, one]);
    expect(metrics).toMatchObject({ badFiles: 1, refusedPieces: 1 });
    expect(metrics.duplicateShare).toBeCloseTo(0.1, 9);
    expect(metrics.wireOverhead).toBeCloseTo(0.15, 9);
  });

  it('compares the fastest uplinks with the slowest, and how evenly they sent', () => {
    const one = (id: string, ms: number, uplink: number, sent: number): NodeTrace =>
      node(id, [life([piece(ms, FILE), counted(ms, sent, FILE), done(ms)])], {
        uplinkBytesPerSecond: uplink,
      });
    const metrics = metricsOf(
      [origin, one('receiver-1', 4000, 1000, 0), one('receiver-2', 1000, 16000, 900)],
      { uplinkFactors: [1, 16] },
    );
    expect(metrics.fastOverSlow).toBeCloseTo(0.25, 9);
    expect(metrics.fairness).toBeCloseTo(0.5, 9);
  });

  it('tells of each step when it came and what the origin had sent', () => {
    const step = { ...fault('kill', 'origin', 1250), originSentBytes: 1250 };
    const run = foldRun(trace([origin, never('receiver-1')], {}, { faults: [step] }));
    expect(run.faults).toEqual([
      { text: 'kill', do: 'kill', node: 'origin', atMs: 1250, originCopies: 1.25 },
    ]);
  });

  it('counts bytes once that a balancer passes on', () => {
    const front = node('front', [life([counted(1, 1000, 1000)])], { role: 'front' });
    const hub = node('hub-2', [life([counted(1, 1000)])], { role: 'hub' });
    const run = foldRun(trace([hub, front, receivers[0]!]));
    expect(run).toMatchObject({ sentBytes: 1000, receivedBytes: 1000 });
    expect(run.metrics.originCopies).toBe(1);
  });
});
