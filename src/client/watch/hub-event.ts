// A notification of a hub's /events: text of a remote, checked for its shape and length. Unknown
// fields are passed on to programs.
import { z } from 'zod';
import { SourceFailure } from '../http/source-failure.ts';

/** Longest notification. Chosen: an escaped path of 4 KiB fits several times. */
export const MAX_EVENT_BYTES = 256 * 1024;

const eventSchema = z.looseObject({
  event: z.string().max(64),
  /** Undefined if the notification cannot be asked for again. */
  id: z.string().max(128).optional(),
  time: z.string().max(64).optional(),
  path: z.string().optional(),
  bytes: z.number().optional(),
  total: z.number().optional(),
  reason: z.string().optional(),
});

export type HubEvent = z.infer<typeof eventSchema>;

/** @throws SourceFailure */
export function parseHubEvent(json: string): HubEvent {
  return checkHubEvent(parseJson(json));
}

/** @throws SourceFailure */
export function checkHubEvent(value: unknown): HubEvent {
  const found = eventSchema.safeParse(value);
  if (found.success) return found.data;
  throw new SourceFailure('told an event that is not one of a hub', { final: true });
}

/** @throws SourceFailure */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SourceFailure('told an event that is no JSON', { final: true, cause });
  }
}
