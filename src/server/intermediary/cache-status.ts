// What an edge says of how it came to an answer: Cache-Status (RFC 9211), and of a
// copy that could not be compared, Warning 111 (RFC 7234 section 5.5.2; obsolete
// since RFC 9111, and still what tools look for). Pure.

import type { Outcome } from '../../hub/intermediary/intermediary.ts';

/** A token (RFC 9651 section 3.3.4): this cache among those that an answer passed. */
const CACHE = 'hubswarm-edge';

/** The greatest age that can be said (RFC 9111 section 1.2.2). */
const MOST_SECONDS = 2 ** 31;

/** @param ageMs since the origin last confirmed the copy; Infinity if that is unknown */
export function cacheHeaders(outcome: Outcome, ageMs: number): Record<string, string> {
  const age = String(Math.min(MOST_SECONDS, Math.floor(ageMs / 1000)));
  const status = (parameters: string): Record<string, string> => ({
    'Cache-Status': `${CACHE}; ${parameters}`,
    Age: age,
  });
  switch (outcome.kind) {
    case 'fresh':
      return status('hit');
    case 'revalidated':
      return status('fwd=stale; fwd-status=304');
    case 'stale':
      return {
        ...status(`hit; ttl=-${age}; detail="${outcome.reason.replace(/[^ !#-[\]-~]/g, '?')}"`),
        Warning: `111 ${CACHE} "Revalidation Failed"`,
      };
    case 'miss':
      return status(
        `fwd=${outcome.replaces ? 'stale' : 'uri-miss'}; stored${outcome.collapsed ? '; collapsed' : ''}`,
      );
  }
}

/** For what is only passed on. */
export function passedHeaders(reason: 'bypass' | 'method' | 'uri-miss'): Record<string, string> {
  return { 'Cache-Status': `${CACHE}; fwd=${reason}` };
}
