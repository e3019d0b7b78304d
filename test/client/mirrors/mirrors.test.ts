import { expect, it } from 'vitest';
import { ANY_BYTES, LEAST_BYTES } from '../../../src/client/http/least-rate.ts';
import { parseRetryAfter, SourceFailure } from '../../../src/client/http/source-failure.ts';
import { Mirrors } from '../../../src/client/mirrors/mirrors.ts';
import { createRng } from '../../../src/runtime/rng.ts';

const A = new URL('http://a/');
const B = new URL('http://b/');
const failure = new SourceFailure('connection refused');

it('prefers the first, then the one that failed less', () => {
  const mirrors = new Mirrors([A, B], createRng(1));
  expect(mirrors.pick(0)).toEqual({ url: A, waitMs: 0 });
  mirrors.handleFailure(A, failure, 0);
  expect(mirrors.pick(0)).toEqual({ url: B, waitMs: 0 });
  // Both are due again by then.
  expect(mirrors.pick(10_000)?.url).toBe(B);
  mirrors.handleFailure(B, failure, 10_000);
  mirrors.handleFailure(B, failure, 10_000);
  expect(mirrors.pick(60_000)?.url).toBe(A);
});

it('waits longer after each failure, with jitter, up to five seconds', () => {
  const mirrors = new Mirrors([A], createRng(7));
  const delays = Array.from({ length: 8 }, () => mirrors.handleFailure(A, failure, 0)!.delayMs);
  for (const [i, delayMs] of delays.entries()) {
    const full = Math.min(5000, 500 * 2 ** i);
    expect(delayMs).toBeGreaterThanOrEqual(full / 2);
    expect(delayMs).toBeLessThanOrEqual(full);
  }
  expect(mirrors.pick(0)?.waitMs).toBe(delays.at(-1));
});

it('begins anew with short waits after a success', () => {
  const mirrors = new Mirrors([A], createRng(7));
  for (let i = 0; i < 5; i++) mirrors.handleFailure(A, failure, 0);
  mirrors.handleSuccess(A);
  expect(mirrors.handleFailure(A, failure, 0)).toMatchObject({ attempt: 1 });
});

it('waits as long as it is told to', () => {
  const mirrors = new Mirrors([A], createRng(7));
  const busy = new SourceFailure('503', { retryAfterMs: 12_000 });
  expect(mirrors.handleFailure(A, busy, 100)?.delayMs).toBe(12_000);
  expect(mirrors.pick(100)?.waitMs).toBe(12_000);
});

it('spares a busy host, whichever of its URLs it is asked for', () => {
  const [first, second] = [new URL('http://a/1'), new URL('http://a/2')];
  const mirrors = new Mirrors([first, second, B], createRng(7));
  mirrors.handleFailure(first, new SourceFailure('503', { retryAfterMs: 12_000 }), 0);
  expect(mirrors.pick(0)).toEqual({ url: B, waitMs: 0 });
  mirrors.handleFailure(B, new SourceFailure('404', { final: true }), 0);
  // The one that failed less; not before the host's time.
  expect(mirrors.pick(0)).toEqual({ url: second, waitMs: 12_000 });
  // A shorter wait of one does not cut another's.
  expect(mirrors.handleFailure(second, failure, 100)).toMatchObject({ attempt: 2 });
  expect(mirrors.pick(100)?.waitMs).toBe(11_900);
  mirrors.handleSuccess(second);
  expect(mirrors.handleFailure(first, failure, 12_000)).toMatchObject({ attempt: 1 });
});

it('tells the ports of one address apart, and a URL that is gone from its host', () => {
  const [near, gone, other] = ['http://a:1/x', 'http://a:1/y', 'http://a:2/x'].map(
    (url) => new URL(url),
  ) as [URL, URL, URL];
  const mirrors = new Mirrors([gone, near, other], createRng(7));
  mirrors.handleFailure(gone, new SourceFailure('404', { final: true }), 0);
  expect(mirrors.pick(0)).toEqual({ url: near, waitMs: 0 });
  mirrors.handleFailure(near, failure, 0);
  expect(mirrors.pick(0)).toEqual({ url: other, waitMs: 0 });
});

it('never asks again after a final failure', () => {
  const mirrors = new Mirrors([A, B], createRng(7));
  expect(mirrors.handleFailure(A, new SourceFailure('404', { final: true }), 0)).toBeUndefined();
  expect(mirrors.pick(0)?.url).toBe(B);
  mirrors.handleFailure(B, new SourceFailure('404', { final: true }), 0);
  expect(mirrors.pick(0)).toBeUndefined();
});

it.each([
  ['120', 120_000],
  ['0', 0],
  ['86400', 600_000],
  ['999999999999999', 600_000],
  ['Thu, 01 Jan 2099 00:00:00 GMT', 600_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['Thursday, 01-Jan-70 00:01:00 GMT', 59_000],
  ['Thu Jan  1 00:01:00 1970', 59_000],
  // None of these is a date of HTTP, though Date would read it.
  ['1970-01-01T00:01:00Z', undefined],
  ['Thu, 01 Jan 1970 01:01:00 +0100', undefined],
  ['Thu, 31 Feb 1970 00:01:00 GMT', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['99999999999999999999999', 600_000],
  ['soon', undefined],
  [undefined, undefined],
])('reads Retry-After: %s', (value, expected) => {
  expect(parseRetryAfter(value, 1000)).toBe(expected);
});

it('asks for a least rate while another mirror may take over', () => {
  expect(new Mirrors([A], createRng(1)).leastBytes(A)).toBe(ANY_BYTES);
  const mirrors = new Mirrors([A, B], createRng(1));
  expect(mirrors.leastBytes(A)).toBe(LEAST_BYTES);
  mirrors.handleFailure(B, failure, 0);
  expect(mirrors.leastBytes(A)).toBe(ANY_BYTES);
  expect(mirrors.leastBytes(B)).toBe(LEAST_BYTES);
  mirrors.handleSuccess(B);
  expect(mirrors.leastBytes(A)).toBe(LEAST_BYTES);
});
