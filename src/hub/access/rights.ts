// The rights of a request: scopes, each for the paths below some prefixes. Prefixes are compared
// name by name, as request-path.ts decoded them. So no escape, no dot and no name with the same
// beginning passes for another. Pure.

export const SCOPES = ['read', 'write', 'delete'] as const;
export type Scope = (typeof SCOPES)[number];

type Segments = readonly string[];

export interface Rights {
  readonly scopes: ReadonlySet<Scope>;
  /** The empty prefix covers everything; no prefix at all covers nothing. */
  readonly paths: readonly Segments[];
  /** The person or program that the token was given to, for the log. */
  readonly subject?: string | undefined;
  /** Whom the token stands for: the subject, else the token itself. */
  readonly holder?: string | undefined;
}

/** Whether the rights allow the scope at the path itself. */
export function allows(rights: Rights, scope: Scope, segments: Segments): boolean {
  return rights.scopes.has(scope) && rights.paths.some((prefix) => startsWith(segments, prefix));
}

/** Whether something below the path may be read, though the path itself may not. */
export function leadsToReadable(rights: Rights, segments: Segments): boolean {
  return (
    rights.scopes.has('read') &&
    rights.paths.some((prefix) => prefix.length > segments.length && startsWith(prefix, segments))
  );
}

function startsWith(segments: Segments, prefix: Segments): boolean {
  return (
    prefix.length <= segments.length && prefix.every((name, index) => name === segments[index])
  );
}
