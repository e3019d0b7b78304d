// The report's tables: every figure beside its bound or its cap, every run listed.
import type { Result, Summary } from '../result.ts';
import {
  boundText,
  copiesText,
  mibText,
  percentText,
  rangeText,
  rateText,
  secondsText,
  timesText,
} from '../words.ts';
import { html, type Markup, table } from './html.ts';

const arm = (name: string): Markup => html`<span class="${name}">${name}</span>`;
const text = (words: string): Markup => html`<span class="text">${words}</span>`;

export function claimsTable({ claims }: Result): Markup {
  // What fails comes first: it is what a reader must not miss.
  const order = { fails: 0, unknown: 1, holds: 2 };
  const sorted = [...claims].sort((a, b) => order[a.state] - order[b.state]);
  return table(
    ['claim', 'threshold', 'measured', ''],
    sorted.map((claim) => [
      text(claim.text),
      `${claim.comparison} ${claim.threshold}`,
      claim.value === null ? 'never' : claim.value.toFixed(2),
      html`<b class="${claim.state}">${claim.state}</b>`,
    ]),
  );
}

const efficiency = ({ efficiency: value }: Summary): string =>
  value === null ? '-' : value.toFixed(2);

export function makespanTable({ summaries, comparisons }: Result): Markup {
  return table(
    [
      '',
      'N',
      'seconds: median [min max]',
      'bound',
      'bound / measured',
      'limited by',
      'swarm gains',
      'origin copies',
      'runs',
    ],
    summaries.map((summary) => [
      arm(summary.arm),
      summary.receivers,
      rangeText(summary.makespanMs, secondsText),
      boundText(summary.boundMs),
      efficiency(summary),
      summary.boundName,
      summary.arm === 'swarm'
        ? rangeText(
            comparisons.find(({ receivers }) => receivers === summary.receivers)?.speedup ?? null,
            timesText,
          )
        : '',
      rangeText(summary.originCopies, copiesText),
      summary.validRuns === summary.runs
        ? summary.runs
        : `${summary.validRuns} of ${summary.runs} valid`,
    ]),
  );
}

export function costTable({ summaries }: Result): Markup {
  const rows = table(
    [
      '',
      'N',
      'CPU s for each GiB delivered',
      'CPU ms to start a process',
      'first piece, s',
      'largest process',
      'received in vain',
    ],
    summaries.map((summary) => [
      arm(summary.arm),
      summary.receivers,
      rangeText(summary.cpuSecondsPerGib, (value) => value.toFixed(1)),
      rangeText(summary.cpuStartMsPerProcess, (value) => value.toFixed(0)),
      rangeText(summary.firstPieceMs, secondsText),
      summary.rssPeakBytes ? mibText(summary.rssPeakBytes.max) : '-',
      summary.duplicateShare ? percentText(summary.duplicateShare.median) : '-',
    ]),
  );
  return html`${rows}<p class="note">Medians [min max] over the runs. CPU time of all processes of a run after the go, origin included;
short transfers carry the cost of connecting. Starting is before the go.</p>`;
}

export function calibrationTable({ calibration }: Result): Markup {
  const rows = table(
    ['origin to one receiver alone', 'cap', 'achieved', 'of the cap'],
    calibration.map((link) => [
      arm(link.arm),
      rateText(link.capBytesPerSecond),
      link.achievedBytesPerSecond === null ? '-' : rateText(link.achievedBytesPerSecond),
      link.ratio === null ? '-' : percentText(link.ratio),
    ]),
  );
  return html`${rows}<p class="note">From the first verified piece to the last, without connecting. More than 5 % off is not accepted.</p>`;
}

export function runsTable({ runs }: Result): Markup {
  return table(
    [
      'run',
      'completed',
      'makespan s',
      'bound s',
      'bound / measured',
      'origin copies',
      'killed at s',
      'other load',
      'verdict',
    ],
    runs.map((run) => [
      run.id,
      `${run.completed}/${run.receivers}`,
      run.makespanMs === null ? '-' : secondsText(run.makespanMs),
      boundText(run.boundMs),
      run.efficiency === null ? '-' : run.efficiency.toFixed(2),
      copiesText(run.originCopies),
      run.fault ? secondsText(run.fault.atMs) : '',
      run.foreignCpuShare === null ? '-' : percentText(run.foreignCpuShare),
      html`<b class="${run.verdict.state}" title="${run.verdict.reasons.join('; ')}">${run.verdict.state}</b>`,
    ]),
  );
}
