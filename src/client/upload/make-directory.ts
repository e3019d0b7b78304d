import { REPLACE_FIELD, type ReplaceWish } from '../../api/replace-field.ts';
import { askChange, type ChangeOptions, isSuccess } from './ask-change.ts';

/** Of servers that are no WebDAV servers, and of hubs where the name is taken already. */
export const NOT_MADE = new Set([400, 404, 405, 501]);

interface MakeDirectory extends ChangeOptions {
  readonly isExact: boolean;
  /** What of another kind gives way to it. */
  readonly replaces?: ReplaceWish | undefined;
}

/**
 * Makes an empty directory on a hub or a WebDAV server, and those above it that are missing. Resolves to false if the server makes none.
 *
 * @param options.url ends in '/'
 * @param options.isExact whether the name is no other Unicode spelling of one that is there
 * @throws HubswarmError ERR_REMOTE
 */
export async function makeRemoteDirectory(options: MakeDirectory): Promise<boolean> {
  const parent = new URL('..', options.url);
  const made = await ask(options, parent.pathname !== options.url.pathname);
  if (made !== 'orphan') return made;
  await makeRemoteDirectory({ ...options, url: parent, replaces: undefined });
  return (await ask(options, false)) === true;
}

/** @param isNested whether the directory above may be missing */
function ask(options: MakeDirectory, isNested: boolean): Promise<boolean | 'orphan'> {
  const headers = {
    ...(options.isExact ? { prefer: 'handling=strict' } : {}),
    ...(options.replaces ? { [REPLACE_FIELD]: options.replaces } : {}),
  };
  return askChange(options, { method: 'MKCOL', headers }, (status) => {
    if (isSuccess(status)) return true;
    if (NOT_MADE.has(status)) return false;
    return status === 409 && isNested ? 'orphan' : undefined;
  });
}
