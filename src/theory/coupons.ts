// The copies that an origin gives away if every receiver asks it for pieces at random and no one
// knows what the others took: the coupon collector. Of R receivers each has asked for s
// different pieces; has every piece been asked for? With one request each this is the
// classic collector, who needs M H_M requests on average, H_M copies of the file
// (W. Feller, An Introduction to Probability Theory and Its Applications, vol. 1,
// 3rd ed., section IX.3; about ln M + 0.577). Real receivers also get pieces from each
// other and so ask the origin rather for what is rare: a real random swarm is between this
// and rarest first. Both cases are held against full enumeration in the tests.
import { invariant } from '../runtime/invariant.ts';

/** Smallest probability that counts: thousands of smaller ones together do not show in a figure. */
const NEGLIGIBLE = 1e-20;

/** H_M = 1 + 1/2 + ... + 1/M: copies that are sent on average until every piece is out. */
export function expectedCopies(pieces: number): number {
  let sum = 0;
  // From the smallest term, so that none is lost to rounding.
  for (let k = pieces; k >= 1; k--) sum += 1 / k;
  return sum;
}

/** The chance that so many requests, each for any of the pieces alike, name all of them. */
export function allRequested(pieces: number, requests: number): number {
  return chanceOfAll(pieces, new Array<number>(requests).fill(1));
}

/**
 * The chance that every piece is out when the origin has sent `copies` of the file to
 * receivers that each ask for pieces at random, never twice for one.
 */
export function everyPieceOut(pieces: number, receivers: number, copies: number): number {
  const sent = Math.min(Math.floor(copies * pieces), pieces * receivers);
  if (sent < pieces) return 0;
  const each = Math.floor(sent / receivers);
  const more = sent - each * receivers;
  return chanceOfAll(
    pieces,
    Array.from({ length: receivers }, (_, i) => (i < more ? each + 1 : each)),
  );
}

/**
 * Probability that sets of the given sizes, each drawn from all pieces alike, contain all
 * pieces together. Computed set by set from the distribution of how many are out so far: sums of
 * positive terms only, where the closed form's alternating ones would cancel.
 */
function chanceOfAll(pieces: number, sizes: readonly number[]): number {
  invariant(pieces >= 1, 'there is a piece');
  const logFactorials = new Float64Array(pieces + 1);
  for (let n = 2; n <= pieces; n++) logFactorials[n] = logFactorials[n - 1]! + Math.log(n);
  let out = new Float64Array(pieces + 1);
  out[0] = 1;
  for (const size of sizes) out = afterSet(out, size, logFactorials);
  return out[pieces]!;
}

/** The new ones of a set are hypergeometric: of those drawn, how many were not out yet. */
function afterSet(out: Float64Array, size: number, logFactorials: Float64Array) {
  const pieces = out.length - 1;
  const next = new Float64Array(pieces + 1);
  const log = (n: number, k: number): number =>
    logFactorials[n]! - logFactorials[k]! - logFactorials[n - k]!;
  for (let known = 0; known <= pieces; known++) {
    const chance = out[known]!;
    if (chance === 0) continue;
    const left = pieces - known;
    const least = Math.max(0, size - known);
    const most = Math.min(size, left);
    const ratio = (fresh: number): number =>
      ((left - fresh) * (size - fresh)) / ((fresh + 1) * (known - size + fresh + 1));
    // Outwards from the mode, each by the ratio to its neighbour: the ends may underflow.
    const mode = Math.floor(((size + 1) * (left + 1)) / (pieces + 2));
    const peak = chance * Math.exp(log(left, mode) + log(known, size - mode) - log(pieces, size));
    for (let fresh = mode, term = peak; fresh <= most && term > NEGLIGIBLE; fresh++) {
      next[known + fresh]! += term;
      term *= ratio(fresh);
    }
    for (let fresh = mode - 1, term = peak; fresh >= least && term > NEGLIGIBLE; fresh--) {
      term /= ratio(fresh);
      next[known + fresh]! += term;
    }
  }
  return next;
}
