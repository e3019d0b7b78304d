// Why a hub refused a request, for programs: a problem of RFC 9457, sent to whoever names its media
// type in Accept. Everybody else gets the detail as one line of text.
import { z } from 'zod';

export const PROBLEM_TYPE = 'application/problem+json';

export const problemSchema = z.object({
  /** HTTP status of the answer. */
  status: z.number().int().min(400).max(599),
  /** One line for a person; never a path of the hub's machine. */
  detail: z.string(),
  /**
   * What the hub refused by, such as ERR_QUOTA: stays the same when the text changes. Absent when
   * HTTP itself was the reason (a method, a header field) or the hub failed.
   */
  code: z.string().optional(),
});

export type Problem = z.infer<typeof problemSchema>;
