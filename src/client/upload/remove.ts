import { Link } from '../../link/link.ts';
import type { Access } from '../http/access.ts';
import { refusalOf, sendRequest } from '../http/send-request.ts';
import { putFailure } from './put.ts';

export interface RemoveOptions {
  readonly url: URL;
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
}

const HINTS: Record<number, string> = {
  403: 'the server deletes nothing there (a hub does when started with --writable, but not its root)',
  405: 'the server deletes nothing there',
  409: 'the directory is not empty',
};

/** Deletes a file or an empty directory of a hub. @throws HubswarmError ERR_REMOTE */
export async function removeFile(options: RemoveOptions): Promise<void> {
  try {
    const answer = await sendRequest({ ...options, method: 'DELETE', link: new Link() });
    if (answer.status >= 200 && answer.status < 300) return;
    throw refusalOf(options, answer, HINTS);
  } catch (error) {
    throw putFailure(error, options.url, options.signal);
  }
}
