import { describe, expect, it } from 'vitest';
import { chooseExhibits } from '../../../src/lab/analysis/choose-exhibits.ts';
import { drawExhibit } from '../../../src/lab/analysis/exhibit.ts';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import type { Exhibit, Run } from '../../../src/lab/terms/result.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import type { FaultTrace, Life, NodeTrace, Trace } from '../../../src/lab/terms/trace.ts';
import type { Event, Stamped } from '../../../src/telemetry/event.ts';
import { syntheticTrace } from '../synthetic.ts';
import { plansOf, syntheticRuns } from '../synthetic-result.ts';

const GO = 1000;
const at = (ms: number, event: Event): Stamped => ({ t: GO + ms, ...event });
const piece = (ms: number, number: number): Stamped =>
  at(ms, { event: 'piece_verified', cid: 'c', piece: number, bytes: 100, remote: 'r' });
const counted = (ms: number, sentBytes: number): Stamped =>
  at(ms, { event: 'link_counted', sentBytes, receivedBytes: 0 });
const started = (ms: number, resumedBytes: number): Stamped =>
  at(ms, {
    ...{ event: 'transfer_started', cid: 'c', name: 'f', bytes: 400, pieces: 4 },
    ...{ resumedBytes, verified: true },
  });
const life = (events: Stamped[], exit: Life['exit'] = null): Life => ({
  ...{ events, goAt: GO, cpuAtGoMs: 0, cpuAtEndMs: 0, exit, lastWords: '' },
});
const node = (id: string, role: NodeTrace['role'], lives: Life[], cap = 1000): NodeTrace => ({
  ...{ id, role, lives, file: null, wire: null },
  ...{ uplinkBytesPerSecond: cap, downlinkBytesPerSecond: cap },
});
const fault = (what: string, id: string, ms: number): FaultTrace => ({
  ...{ text: what, do: what, node: id, at: GO + ms, originSentBytes: 0 },
});

/** Of four pieces and 640 ms: steps of 10 ms. */
function draw(
  nodes: NodeTrace[],
  faults: FaultTrace[] = [],
  over: Partial<PlannedRun> = {},
): Exhibit {
  const setting = { ...DEFAULTS, fileBytes: 400, pieceLength: 100, receivers: nodes.length - 1 };
  const plan: PlannedRun = {
    ...{ id: 's/all/swarm/1', scenario: 's', arm: 'swarm', architecture: 'swarm' },
    ...{ point: {}, repetition: 0, seed: 1, setting, ...over },
  };
  const trace: Trace = {
    ...{ plan, goAt: GO, endedAt: GO + 640, faults, unmetFaults: [], foreignCpuShare: 0 },
    nodes,
  };
  return drawExhibit(trace);
}

const origin = node('origin', 'origin', [life([counted(-50, 0), counted(5, 8), counted(15, 16)])]);
const SIGKILL = { code: null, signal: 'SIGKILL' };

describe('drawExhibit', () => {
  it('counts who has each piece at the end of each step, the origin among them', () => {
    const { copies, pieces, stepMs } = draw([
      origin,
      node('receiver-1', 'receiver', [life([counted(0, 0), piece(5, 0), piece(95, 3)])]),
    ]);
    expect({ pieces, stepMs, steps: copies.length }).toEqual({ pieces: 4, stepMs: 10, steps: 64 });
    expect(copies[0]).toEqual([2, 1, 1, 1]);
    expect(copies[9]).toEqual([2, 1, 1, 2]);
  });

  it('counts nobody whom the script has taken away, until it is back', () => {
    const lives = [
      life([counted(0, 0), piece(5, 0), piece(6, 1)], SIGKILL),
      life([started(305, 200), piece(315, 2)]),
    ];
    const { copies } = draw(
      [origin, node('receiver-1', 'receiver', lives)],
      [
        fault('kill', 'receiver-1', 100),
        fault('restart', 'receiver-1', 300),
        fault('kill', 'origin', 500),
      ],
    );
    expect(copies[8]).toEqual([2, 2, 1, 1]);
    expect(copies[20]).toEqual([1, 1, 1, 1]);
    // What it kept, and what it got since.
    expect(copies[40]).toEqual([2, 2, 2, 1]);
    expect(copies[60]).toEqual([1, 1, 1, 0]);
  });

  it('of who came back with nothing forgets what it had', () => {
    const lives = [
      life([counted(0, 0), piece(5, 0)], SIGKILL),
      life([started(305, 0), piece(315, 1)]),
    ];
    const steps = [fault('kill', 'receiver-1', 100), fault('restart', 'receiver-1', 300)];
    const { copies } = draw([origin, node('receiver-1', 'receiver', lives)], steps);
    expect(copies[40]).toEqual([1, 2, 1, 1]);
  });

  it('counts nobody who left by itself', () => {
    const left = life([counted(0, 0), piece(5, 0), counted(50, 0)], { code: 0, signal: null });
    const { copies } = draw([origin, node('receiver-1', 'receiver', [left])]);
    expect(copies[3]).toEqual([2, 1, 1, 1]);
    expect(copies[9]).toEqual([1, 1, 1, 1]);
  });

  it('tells what was sent in each step and what could have been, by role', () => {
    const one = node('receiver-1', 'receiver', [life([counted(0, 0), counted(700, 40)])], 2000);
    const { uplinks } = draw([origin, one], [fault('kill', 'origin', 15)]);
    expect(uplinks.map(({ role }) => role)).toEqual(['origin', 'receiver']);
    expect(uplinks[0]!.sentBytes.slice(0, 3)).toEqual([8, 8, 0]);
    expect(uplinks[0]!.couldBytes!.slice(0, 3)).toEqual([10, 5, 0]);
    // The last count comes with the end of the process.
    expect(uplinks[1]!.sentBytes.at(-1)).toBe(40);
    expect(uplinks[1]!.couldBytes![0]).toBe(20);
  });

  it('knows no limit where nothing holds a link', () => {
    const { uplinks } = draw([{ ...origin, uplinkBytesPerSecond: null }]);
    expect(uplinks[0]!.couldBytes).toBeNull();
  });

  it('of a server has no copies', () => {
    expect(draw([origin], [], { architecture: 'server' }).copies).toEqual([]);
  });

  it('groups pieces by the scarcest, and loses no byte', () => {
    const plan = plansOf(CATALOGUE.find(({ id }) => id === 'piece-length')!).find(
      ({ point }) => point.pieceLength === 16 * 1024,
    )!;
    const drawn = drawExhibit(syntheticTrace(plan));
    expect(drawn.pieces).toBe(512);
    expect(drawn.copies.every((row) => row.length === 64)).toBe(true);
    const { fileBytes, receivers } = plan.setting;
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    expect(sum(drawn.verifiedBytes)).toBeCloseTo(fileBytes * receivers, 3);
    expect(sum(drawn.uplinks.flatMap(({ sentBytes }) => sentBytes))).toBeCloseTo(
      fileBytes * receivers,
      3,
    );
  });
});

describe('chooseExhibits', () => {
  const all = CATALOGUE.flatMap((scenario) => syntheticRuns(scenario));

  it('shows the largest of the plain runs, the telling kill and each arm of a fault', () => {
    const chosen = chooseExhibits(CATALOGUE, all);
    expect(chosen.length).toBeLessThanOrEqual(20);
    expect(new Set(chosen).size).toBe(chosen.length);
    expect(chosen).toEqual(
      expect.arrayContaining([
        'scaling/n32/server/1',
        'scaling/n32/swarm/1',
        'scaling/n32/hybrid/1',
        'kill/kfirst-copy/server/1',
        'kill/kfirst-copy/swarm/1',
        'kill/kfirst-copy/hybrid/1',
        'replica-killed/all/mirrors/1',
        'partition/all/swarm/1',
        'churn/all/swarm-rejoins/1',
      ]),
    );
  });

  it('prefers a run that can be trusted and that the script hit', () => {
    const spoilt = all.map((run): Run => {
      if (run.id === 'partition/all/swarm/1') {
        return { ...run, verdict: { state: 'unknown', reasons: ['load'] } };
      }
      return run.id === 'churn/all/swarm/1' ? { ...run, unmetFaults: ['kill'] } : run;
    });
    expect(chooseExhibits(CATALOGUE, spoilt)).toEqual(
      expect.arrayContaining(['partition/all/swarm/2', 'churn/all/swarm/2']),
    );
  });

  it('takes what there is', () => {
    expect(chooseExhibits(CATALOGUE, [])).toEqual([]);
    const few = all.filter(({ id }) => id.startsWith('scaling/n4/swarm/'));
    expect(chooseExhibits(CATALOGUE, few)).toEqual(['scaling/n4/swarm/1']);
  });
});
