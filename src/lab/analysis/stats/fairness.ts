// Evenness of shares as one figure (R. Jain, D.-M. Chiu, W. Hawe, "A
// Quantitative Measure of Fairness and Discrimination", DEC TR-301, 1984).
import { invariant } from '../../../runtime/invariant.ts';

/**
 * (sum x)^2 / (n sum x^2): 1 where all have the same, k / n where k of n share alike and the
 * others have nothing. Undefined where there was nothing to share.
 */
export function fairnessIndex(shares: readonly number[]): number | undefined {
  invariant(
    shares.every((share) => share >= 0 && Number.isFinite(share)),
    'shares are amounts',
  );
  const largest = Math.max(...shares);
  if (shares.length === 0 || largest === 0) return undefined;
  // Scaled by the largest, so that no square overflows or vanishes.
  const parts = shares.map((share) => share / largest);
  const sum = parts.reduce((total, part) => total + part, 0);
  return sum ** 2 / (parts.length * parts.reduce((total, part) => total + part ** 2, 0));
}
