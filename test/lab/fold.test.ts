import { describe, expect, it } from 'vitest';
import { foldNode, foldRun } from '../../src/lab/fold.ts';
import type { PlannedRun } from '../../src/lab/scenario.ts';
import { rateOf } from '../../src/lab/summarize.ts';
import type { NodeTrace } from '../../src/lab/trace.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { PARAMETERS, syntheticTrace } from './synthetic.ts';

const GO = 1000;
const node = (events: (Event & { t: number })[], over: Partial<NodeTrace> = {}): NodeTrace => ({
  id: 'receiver-1',
  role: 'receiver',
  events,
  cpuAtGoMs: 100,
  cpuAtEndMs: 130,
  exit: null,
  file: 'same',
  lastWords: '',
  ...over,
});
const piece = (t: number, bytes: number): Event & { t: number } => ({
  t,
  event: 'piece_verified',
  cid: 'c',
  piece: 0,
  bytes,
  remote: 'r',
});
const usage = (t: number, cpuMs: number, loopLagMs: number): Event & { t: number } => ({
  t,
  event: 'usage_sampled',
  cpuMs,
  rssBytes: 10 + t,
  loopLagMs,
});
const plan = (over: Partial<PlannedRun>): PlannedRun => ({
  id: 'x',
  scenario: 'scaling',
  arm: 'swarm',
  link: 'pacer',
  receivers: 4,
  killCopies: null,
  repetition: 0,
  ...over,
});

describe('foldNode', () => {
  it('measures everything from the go', () => {
    const folded = foldNode(
      node([
        piece(1100, 10),
        piece(1300, 30),
        { t: 1200, event: 'link_counted', sentBytes: 1, receivedBytes: 10 },
        { t: 1301, event: 'link_counted', sentBytes: 7, receivedBytes: 41 },
        { t: 1302, event: 'transfer_completed', name: 'f', path: 'f', bytes: 40, ms: 9 },
      ]),
      GO,
    );
    expect(folded).toMatchObject({
      firstPieceMs: 100,
      completedMs: 302,
      sentBytes: 7,
      receivedBytes: 41,
      verifiedBytes: 40,
      progress: [
        [100, 10],
        [300, 40],
      ],
    });
  });

  it('of one that never got anything has null, not 0', () => {
    expect(foldNode(node([], { cpuAtEndMs: null }), GO)).toMatchObject({
      firstPieceMs: null,
      completedMs: null,
      cpuTransferMs: null,
      rssPeakBytes: null,
      loopLagMs: null,
      progress: [],
    });
  });

  it('takes the later of two readings of CPU time, less what starting took', () => {
    const folded = foldNode(node([usage(1500, 190, 1)]), GO);
    expect(folded).toMatchObject({ cpuStartMs: 100, cpuTransferMs: 90 });
  });

  it('holds start-up against nobody: lag counts from the first sample after the go', () => {
    const samples = [usage(900, 1, 500), usage(1100, 2, 400), usage(1600, 3, 7), usage(1900, 4, 3)];
    expect(foldNode(node(samples), GO).loopLagMs).toBe(7);
  });

  it('keeps the first and last point of a long progress', () => {
    const events = Array.from({ length: 5000 }, (_, i) => piece(GO + i, 1));
    const { progress } = foldNode(node(events), GO);
    expect(progress).toHaveLength(64);
    expect(progress[0]).toEqual([0, 1]);
    expect(progress.at(-1)).toEqual([4999, 5000]);
  });
});

describe('foldRun', () => {
  it('of all completed has a makespan, that of the last one', () => {
    const trace = syntheticTrace(plan({}), PARAMETERS, { slower: 1.25 });
    const run = foldRun(plan({}), PARAMETERS, trace);
    expect(run.makespanMs).toBeCloseTo(run.boundMs * 1.25, 6);
    expect(run.efficiency).toBeCloseTo(0.8, 6);
    expect(run).toMatchObject({ completed: 4, boundName: 'whole pieces' });
    expect(run.originCopies).toBeCloseTo(1.06, 2);
  });

  it('of one missing has none', () => {
    const trace = syntheticTrace(plan({}), PARAMETERS, { completed: 3 });
    expect(foldRun(plan({}), PARAMETERS, trace)).toMatchObject({
      makespanMs: null,
      efficiency: null,
      completed: 3,
    });
  });

  it('counts CPU time for each GiB delivered, origin included', () => {
    const run = foldRun(plan({}), PARAMETERS, syntheticTrace(plan({}), PARAMETERS));
    // 40 ms of the origin and 4 x 20 ms, for 4 x 4 MiB.
    expect(run.cpuSecondsPerGib).toBeCloseTo(0.12 * 64, 6);
  });

  it('tells when the origin died and what it had sent', () => {
    const kill = plan({ scenario: 'kill', arm: 'server', killCopies: 1.25 });
    const run = foldRun(kill, PARAMETERS, syntheticTrace(kill, PARAMETERS));
    expect(run.fault).toEqual({ atMs: 1250, sentBytes: 1.25 * PARAMETERS.fileBytes });
    expect(run.completed).toBe(0);
  });
});

it('a rate goes from the first piece to the last, without what came before', () => {
  expect(
    rateOf({
      progress: [
        [500, 100],
        [1000, 600],
        [1500, 1100],
      ],
    }),
  ).toBe(1000);
  expect(rateOf({ progress: [[500, 100]] })).toBeNull();
});
