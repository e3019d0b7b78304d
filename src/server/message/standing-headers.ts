// The headers that every answer bears, refusals too. Of what helmet sets, those that
// do something for files: its policies for pages stand with the pages.
import type { OutgoingHttpHeaders } from 'node:http';

/** Half a year, without subdomains: they may be other people's. */
const HSTS = 'max-age=15552000';

export interface StandingRules {
  /** Pages of other origins may embed files. */
  readonly embeddable: boolean;
  /** TLS with a certificate that a browser will accept from now on. */
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

/** What a failure leaves of an answer that was begun; in lower case. */
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
