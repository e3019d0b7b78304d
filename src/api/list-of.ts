// A schema for a list from a remote, which stops at the first wrong entry: z.array() keeps an issue
// for each wrong entry, and a few MiB of JSON hold millions.
import { z } from 'zod';

/** Like z.array(entry), with at most one issue. */
export function listOf<T>(entry: z.ZodType<T>) {
  return z.custom<readonly unknown[]>(Array.isArray).transform((values, context): T[] => {
    const entries: T[] = [];
    for (const [at, input] of values.entries()) {
      const found = entry.safeParse(input);
      if (!found.success) {
        context.issues.push({ code: 'custom', message: found.error.message, path: [at], input });
        return z.NEVER;
      }
      entries.push(found.data);
    }
    return entries;
  });
}

/** Passes over wrong entries. Fails if all of them are wrong. */
export function readableOf<T>(entry: z.ZodType<T>) {
  return z.custom<readonly unknown[]>(Array.isArray).transform((values, context): T[] => {
    const entries: T[] = [];
    for (const input of values) {
      const found = entry.safeParse(input);
      if (found.success) entries.push(found.data);
    }
    if (entries.length > 0 || values.length === 0) return entries;
    context.issues.push({ code: 'custom', message: 'no entry can be read', input: undefined });
    return z.NEVER;
  });
}
