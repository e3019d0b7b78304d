// Makes an empty directory. Its parent must be there, as WebDAV has it (RFC 4918 section 9.3): so a
// mistyped path makes nothing.

import { withOpen } from '../../root/opened.ts';
import type { Segments } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { type ChangingHub, changeName } from './publication.ts';

/**
 * Resolves to false if the name is taken.
 *
 * @param segments names from the root down, at least one
 * @param remote address of the caller, for the event
 * @throws Refusal ERR_CONFLICT if there is no directory to make it in, and as Root.parentOf()
 */
export async function makeDirectory(
  hub: ChangingHub,
  segments: Segments,
  remote: string,
): Promise<boolean> {
  const name = segments.at(-1)!;
  const opening = hub.root.parentOf(segments, false).catch((error: unknown) => {
    if (!hasCode(error, 'ERR_NOT_FOUND')) throw error;
    throw new Refusal('ERR_CONFLICT', 'the directory above it is not there; make that first');
  });
  const isMade = await withOpen(opening, (directory) =>
    changeName(hub.root, [...directory.place, name], () => directory.makeDirectory(name)),
  );
  if (isMade) hub.emit({ event: 'directory_made', path: segments.join('/'), remote });
  return isMade;
}
