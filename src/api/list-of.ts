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
