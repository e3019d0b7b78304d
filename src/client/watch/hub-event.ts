// A notification of a hub's /events: text of a remote, checked for its shape and length. Unknown
// fields are passed on to programs.
import { type ForeignEvent, foreignEventSchema } from '../../api/feed-event.ts';
import { SourceFailure } from '../http/source-failure.ts';

/** Longest notification. Chosen: an escaped path of 4 KiB fits several times. */
export const MAX_EVENT_BYTES = 256 * 1024;

/** @throws SourceFailure */
export function parseHubEvent(json: string): ForeignEvent {
  return checkHubEvent(parseJson(json));
}

/** @throws SourceFailure */
export function checkHubEvent(value: unknown): ForeignEvent {
  const found = foreignEventSchema.safeParse(value);
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
