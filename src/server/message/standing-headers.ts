// Headers of every answer, refusals included: those of helmet that matter for files. helmet's
// policies for pages stand with the pages.
import type { OutgoingHttpHeaders } from 'node:http';

/** Half a year; without subdomains, which may belong to others. */
const HSTS = 'max-age=15552000';

export interface StandingRules {
  /** Whether pages of other web origins may embed files. */
  readonly embeddable: boolean;
  /** Whether TLS has a certificate that browsers will accept from now on. */
  readonly alwaysTls: boolean;
}

export function standingHeaders({ embeddable, alwaysTls }: StandingRules): OutgoingHttpHeaders {
  return {
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': embeddable ? 'cross-origin' : 'same-origin',
    'Referrer-Policy': 'no-referrer',
    ...(alwaysTls && { 'Strict-Transport-Security': HSTS }),
  };
}

/** Headers of a begun answer that a failure keeps; in lower case. */
export const KEPT_BY_FAILURES: ReadonlySet<string> = new Set([
  'x-content-type-options',
  'cross-origin-resource-policy',
  'referrer-policy',
  'strict-transport-security',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'vary',
  'tus-resumable',
  'x-request-id',
  'connection',
]);
