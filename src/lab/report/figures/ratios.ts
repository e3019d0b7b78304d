// Claims that two arms are equal within a tolerance: the ratio of each pair of runs,
// in the band that the claim allows. Calibration and the two kinds of link live by it.
import { METRICS } from '../../terms/metric.ts';
import type { Run } from '../../terms/result.ts';
import type { ClaimRule } from '../../terms/scenario.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { BAND_KEY, drawRows, type Row, type RowPoint, rowsTop } from '../drawing/rows.ts';
import type { ArmRuns, Scene } from '../drawing/scene.ts';
import { rowsText } from './metric-rows.ts';

/** A pair has its point and its repetition in common, and so its seed. */
const isPair = (a: Run, b: Run): boolean =>
  a.repetition === b.repetition && JSON.stringify(a.point) === JSON.stringify(b.point);

function ratioPoint(run: Run, against: Run | undefined, { metric }: ClaimRule): RowPoint[] {
  const [over, under] = [run.metrics[metric], against?.metrics[metric]];
  if (against === undefined || over == null || under == null || under === 0) return [];
  const value = over / under;
  const hollow = [run, against].some(({ verdict }) => verdict.state !== 'valid');
  return [{ value, hollow, title: `${run.id} / ${against.id}: ${value.toFixed(3)}` }];
}

/** @param isAt whether a run stands where the claim looks */
function ratioRow(claim: ClaimRule, arms: readonly ArmRuns[], isAt: (run: Run) => boolean): Row[] {
  const over = arms.find(({ style }) => style.id === claim.arm);
  const under = arms.find(({ style }) => style.id === claim.against);
  if (!over || !under) return [];
  const points = over.runs.filter(isAt).flatMap((run) =>
    ratioPoint(
      run,
      under.runs.find((other) => isPair(run, other)),
      claim,
    ),
  );
  if (points.length === 0) return [];
  return [
    {
      name: `${over.style.label} / ${under.style.label}`,
      style: over.style,
      points,
      band: [1 - claim.threshold, 1 + claim.threshold],
    },
  ];
}

/** Only plain values are looked up: a band is about one point of a sweep. */
const standsAt =
  ({ at }: ClaimRule) =>
  ({ point }: Run): boolean =>
    Object.entries(at).every(
      ([key, wanted]) => typeof wanted === 'object' || point[key] === wanted,
    );

const isRatio = ({ comparison, against }: ClaimRule): boolean =>
  comparison === 'within' && against !== undefined;

export const ratioRows = ({ scenario, arms }: Scene): Row[] =>
  scenario.claims.filter(isRatio).flatMap((claim) => ratioRow(claim, arms, standsAt(claim)));

export function ratiosFigure(scene: Scene, title: string, caption: string): Markup[] {
  const rows = ratioRows(scene);
  if (rows.length === 0) return [];
  const { metric } = scene.scenario.claims.find(isRatio)!;
  const svg = drawRows(`Ratio of ${METRICS[metric].text}, every pair of runs`, rows, {
    x: { label: `ratio of ${METRICS[metric].text}`, domain: [0, rowsTop(rows)], grid: true },
    keys: [BAND_KEY],
  });
  const text = rowsText(rows).replace('one run with fresh processes', 'a pair of runs');
  return [figure(title, svg, `${text} ${caption}`)];
}
