import { REPLACE_FIELD, type ReplaceWish } from '../../api/replace-field.ts';
import { refusalOf } from '../http/send-request.ts';
import { isDone, sendChange, type Target } from './send-change.ts';

/** Servers that are no WebDAV servers answer so, and hubs where the name is taken already. */
export const NOT_MADE = new Set([400, 404, 405, 501]);

/**
 * Makes an empty directory on a hub or a WebDAV server, and those above it that are missing.
 * Resolves to false if the server makes none.
 *
 * @param options.url ends in '/'
 * @param options.isExact whether the name is no other Unicode spelling of one that is there
 * @throws HubswarmError ERR_REMOTE
 */
export function makeRemoteDirectory(
  options: Target & {
    readonly isExact: boolean;
    /** What of another kind gives way to it. */
    readonly replaces?: ReplaceWish;
  },
): Promise<boolean> {
  const headers = {
    ...(options.isExact ? { prefer: 'handling=strict' } : {}),
    ...(options.replaces ? { [REPLACE_FIELD]: options.replaces } : {}),
  };
  return sendChange(options, { method: 'MKCOL', headers }, async (answer) => {
    if (isDone(answer)) return true;
    if (NOT_MADE.has(answer.status)) return false;
    const parent = new URL('..', options.url);
    const isNested = answer.status === 409 && parent.pathname !== options.url.pathname;
    if (isNested && (await makeRemoteDirectory({ ...options, url: parent })))
      return await makeRemoteDirectory(options);
    throw refusalOf(options, answer);
  });
}
