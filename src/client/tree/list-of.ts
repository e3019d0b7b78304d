// A list that a remote sent, checked entry by entry up to the first wrong one: z.array()
// keeps an issue for each wrong entry, and millions of them fit into a few MiB of JSON.
import { z } from 'zod';

/** As z.array(entry), with one issue at the most. */
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
