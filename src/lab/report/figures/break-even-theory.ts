// The line on which theory has both arms done at the same time: their bounds, and what
// starting cost each of them at the smallest file that was run, where sending costs next to
// nothing (theory/break-even.ts).
import { breakEvenBytes, type Contest } from '../../../theory/break-even.ts';
import type { Cell, ScenarioResult } from '../../terms/result.ts';
import { originRates, receiverRates } from '../../terms/setting.ts';
import type { XY } from '../data/series.ts';
import type { Scene } from '../drawing/scene.ts';
import type { Challenger, Grid } from './break-even-grid.ts';

type StartUp = Contest['server'];

interface Known {
  readonly receivers: number;
  readonly seconds: number;
}

/** Least squares; what is found of one number of receivers alone is taken as fixed. */
function startUpOf(known: readonly Known[]): StartUp | undefined {
  if (known.length === 0) return undefined;
  const mean = (pick: (one: Known) => number): number =>
    known.reduce((sum, one) => sum + pick(one), 0) / known.length;
  const [meanCount, meanSeconds] = [mean((one) => one.receivers), mean((one) => one.seconds)];
  const spread = mean((one) => (one.receivers - meanCount) ** 2);
  const together = mean((one) => (one.receivers - meanCount) * (one.seconds - meanSeconds));
  const slope = spread === 0 ? 0 : Math.max(0, together / spread);
  return {
    fixedSeconds: Math.max(0, meanSeconds - slope * meanCount),
    cpuSecondsPerReceiver: slope,
  };
}

/** Time beyond the bound with the smallest file. */
function knownOf(
  { cells, scenario }: ScenarioResult,
  architecture: string,
  least: number,
): Known[] {
  const isOf = ({ arm, point }: Cell): boolean =>
    point.fileBytes === least &&
    scenario.arms.some((one) => one.id === arm && one.architecture === architecture);
  return cells.filter(isOf).flatMap(({ point, boundMs, metrics }) => {
    const ms = metrics.makespanMs?.median ?? null;
    if (ms === null || typeof point.receivers !== 'number') return [];
    return [{ receivers: point.receivers, seconds: Math.max(0, ms - boundMs) / 1000 }];
  });
}

/** Position of a value between those of a logarithmic axis, and beyond its ends. */
function placeOf(value: number, values: readonly number[]): number {
  if (values.length < 2) return 0;
  const found = values.findIndex((one) => one >= value);
  const right = found < 0 ? values.length - 1 : Math.max(1, found);
  const [from, to] = [values[right - 1]!, values[right]!];
  return right - 1 + Math.log(value / from) / Math.log(to / from);
}

/** The break-even line in grid places, one for each number of receivers; clipped to the map. */
export function predictedLine(
  scene: Scene,
  result: ScenarioResult,
  grid: Grid,
  challenger: Challenger,
): XY[] {
  const { receivers, fileBytes } = grid;
  const setting = scene.runs[0]?.setting;
  const server = startUpOf(knownOf(result, 'server', fileBytes[0]!));
  const swarm = startUpOf(knownOf(result, challenger, fileBytes[0]!));
  if (!setting || setting.link === 'none' || !server || !swarm || fileBytes.length < 2) return [];
  const rates = receiverRates(setting, 0);
  const contest: Contest = {
    server,
    swarm,
    // The known times are wall-clock seconds, which already depend on the cores.
    cores: 1,
    links: {
      originUplink: originRates(setting).uplinkBytesPerSecond,
      receiverUplink: rates.uplinkBytesPerSecond,
      downlink: rates.downlinkBytesPerSecond,
    },
    pieceLength: setting.pieceLength ?? setting.fileBytes,
  };
  const [least, most] = [receivers[0]!, receivers.at(-1)!];
  return Array.from({ length: most - least + 1 }, (_, i) => least + i)
    .map((count) => ({
      x: placeOf(count, receivers),
      y: placeOf(Math.max(1, breakEvenBytes(contest, count)), fileBytes),
    }))
    .filter(({ y }) => y >= -0.5 && y <= fileBytes.length - 0.5);
}
