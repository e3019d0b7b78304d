// Tells a hub the time of last change, and whether a file can be run, without its bytes.
import { formatAttributes } from '../../api/file-attributes.ts';
import type { FileAttributes } from '../../content/attributes.ts';
import { Link } from '../../link/link.ts';
import { refusalOf, sendRequest } from '../http/send-request.ts';
import { putFailure } from './put.ts';
import type { RemoveOptions } from './remove.ts';

export interface SetAttributes extends RemoveOptions {
  readonly attributes: FileAttributes;
  /** The CID that the file must have. */
  readonly cid?: string | undefined;
  /** Whether the name is no other Unicode spelling of one that is there. */
  readonly isExact: boolean;
}

/**
 * Resolves to false if the server takes no such request: hubs up to 0.2, plain servers, hubs that
 * are only read.
 *
 * @throws HubswarmError ERR_REMOTE, also if the file has other bytes by now
 */
export async function setRemoteAttributes(options: SetAttributes): Promise<boolean> {
  const { attributes, cid, isExact } = options;
  const headers = {
    ...formatAttributes(attributes),
    ...(cid === undefined ? {} : { 'if-match': `"${cid}"` }),
    ...(isExact ? { prefer: 'handling=strict' } : {}),
  };
  try {
    const answer = await sendRequest({ ...options, method: 'PATCH', headers, link: new Link() });
    const { status } = answer;
    if (status >= 200 && status < 300) return true;
    if (status === 501 || (status >= 400 && status < 500 && !OWN.has(status))) return false;
    throw refusalOf(options, answer);
  } catch (error) {
    throw putFailure(error, options.url, options.signal);
  }
}

/** Of this file, or of who asks. */
const OWN = new Set([401, 412, 429]);
