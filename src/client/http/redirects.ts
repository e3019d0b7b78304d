// Where a redirect leads. Each kind of request follows those that it may.
import type { Access } from './access.ts';
import { SourceFailure } from './source-failure.ts';
import { redirectTarget } from './url.ts';

/** As curl follows. */
export const MAX_REDIRECTS = 50;

/** @throws SourceFailure */
export function nextUrl(
  from: URL,
  location: string | undefined,
  { insecureRedirect }: Pick<Access, 'insecureRedirect'>,
): URL {
  const next = location ? redirectTarget(from, location) : undefined;
  if (!next) throw new SourceFailure('redirected to no http(s) URL', { final: true });
  if (from.protocol === 'https:' && next.protocol === 'http:' && !insecureRedirect) {
    const how =
      insecureRedirect === undefined ? '' : '; --insecure-redirect follows it unprotected';
    throw new SourceFailure(`redirected from https to http${how}`, { final: true });
  }
  return next;
}

/** A redirect is an answer, and no progress: all of them together have the time of one silence. */
export const endless = (ms: number): SourceFailure =>
  new SourceFailure(`sent nothing but redirects for ${ms / 1000} s`);
