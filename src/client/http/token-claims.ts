// Explains from a token, without its key, why a hub refuses it. Nothing is verified or decided
// here. The text comes from the user's own token, not from a remote.
import { z } from 'zod';

const claimsSchema = z.object({
  scope: z.string(),
  /** Prefixes below /files/, not escaped; absent: everything. */
  paths: z.array(z.string()).optional(),
  exp: z.number().optional(),
});

/** Paths named in a message. Chosen: the line can still be read. */
const MAX_PATHS = 4;

/**
 * @param status 401 or 403
 * @param challenge the answer's WWW-Authenticate (RFC 6750 section 3)
 * @returns undefined when the token explains nothing
 */
export function explainRefusal(
  token: string,
  status: number,
  challenge: string | undefined,
  nowMs: number,
): string | undefined {
  const claims = claimsOf(token);
  if (status === 401)
    return claims ? explainUnknown(claims, nowMs) : 'the token is not taken there';
  const isScope = status === 403 && challenge?.includes('error="insufficient_scope"') === true;
  return isScope && claims ? `the token does not cover that: ${describe(claims)}` : undefined;
}

function claimsOf(token: string): z.infer<typeof claimsSchema> | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return claimsSchema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

function explainUnknown({ exp }: z.infer<typeof claimsSchema>, nowMs: number): string {
  const endMs = (exp ?? Number.POSITIVE_INFINITY) * 1000;
  if (endMs > nowMs) return 'the token is not taken there (another key, or revoked)';
  return `the token expired at ${new Date(endMs).toISOString()}`;
}

function describe({ scope, paths }: z.infer<typeof claimsSchema>): string {
  const scopes = scope.split(' ').join(', ') || 'nothing';
  if (!paths) return `it allows to ${scopes}, everywhere`;
  const shown = paths.slice(0, MAX_PATHS).map((path) => `/files/${path}`);
  const more = paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : '';
  return `it allows to ${scopes} at and below ${shown.join(', ') || 'no path'}${more}`;
}
