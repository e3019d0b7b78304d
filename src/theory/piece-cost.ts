// Is there a best number of pieces? Few make every receiver wait for whole ones, many
// cost messages, hashes and round trips:
//
//   T(M) = (F / u) (1 + floor(log2 N) / M) + c M + d
//
// The first term is Mundinger, Weber & Weiss (bounds.ts); that each piece costs the
// same c seconds, and all else a constant d, is this lab's own simplest assumption, and
// the residual says how well it does. Minimal where the derivative is zero, at
// M* = sqrt(F floor(log2 N) / (u c)). Least squares after A.-M. Legendre (1805).
import { invariant } from '../runtime/invariant.ts';
import { wholePieceBound } from './bounds.ts';

export interface Distribution {
  readonly fileBytes: number;
  /** Uplink of the origin and of each receiver. */
  readonly uplink: number;
  readonly receivers: number;
}

export interface PieceCost {
  /** c. */
  readonly secondsPerPiece: number;
  /** d. */
  readonly fixedSeconds: number;
}

export interface PieceCostFit extends PieceCost {
  /** Root of the mean square of what the fit leaves unexplained. */
  readonly residualSeconds: number;
  /** M*, a whole number; undefined where more pieces seem to cost nothing. */
  readonly bestPieces: number | undefined;
}

export interface MeasuredPieces {
  readonly pieces: number;
  readonly seconds: number;
}

export function secondsWith(
  { fileBytes, uplink, receivers }: Distribution,
  { secondsPerPiece, fixedSeconds }: PieceCost,
  pieces: number,
): number {
  const bound = wholePieceBound(fileBytes, uplink, receivers, pieces).seconds;
  return bound + secondsPerPiece * pieces + fixedSeconds;
}

/** Undefined of fewer than three different numbers of pieces: a line fits any two. */
export function fitPieceCost(
  distribution: Distribution,
  points: readonly MeasuredPieces[],
): PieceCostFit | undefined {
  if (new Set(points.map(({ pieces }) => pieces)).size < 3) return undefined;
  const free: PieceCost = { secondsPerPiece: 0, fixedSeconds: 0 };
  const overheads = points.map(
    ({ pieces, seconds }) => seconds - secondsWith(distribution, free, pieces),
  );
  const meanPieces = mean(points.map(({ pieces }) => pieces));
  const meanOverhead = mean(overheads);
  const covariance = mean(
    points.map(({ pieces }, i) => (pieces - meanPieces) * (overheads[i]! - meanOverhead)),
  );
  const variance = mean(points.map(({ pieces }) => (pieces - meanPieces) ** 2));
  const secondsPerPiece = covariance / variance;
  const cost = { secondsPerPiece, fixedSeconds: meanOverhead - secondsPerPiece * meanPieces };
  const squares = points.map(
    ({ pieces, seconds }) => (seconds - secondsWith(distribution, cost, pieces)) ** 2,
  );
  return {
    ...cost,
    residualSeconds: Math.sqrt(mean(squares)),
    bestPieces: secondsPerPiece > 0 ? bestPieces(distribution, cost) : undefined,
  };
}

/** floor(M*) or ceil(M*), whichever costs less. One piece, if there is nobody to forward to. */
export function bestPieces(distribution: Distribution, cost: PieceCost): number {
  invariant(cost.secondsPerPiece > 0, 'where pieces cost nothing, the more the better');
  const { fileBytes, uplink, receivers } = distribution;
  const doublings = Math.floor(Math.log2(receivers));
  const best = Math.sqrt((fileBytes * doublings) / (uplink * cost.secondsPerPiece));
  const below = Math.max(1, Math.floor(best));
  const above = Math.max(1, Math.ceil(best));
  const seconds = (pieces: number): number => secondsWith(distribution, cost, pieces);
  return seconds(below) <= seconds(above) ? below : above;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
