// Tells a hub the time of last change, and whether a file can be run, without its bytes.
import { formatAttributes } from '../../api/file-attributes.ts';
import type { FileAttributes } from '../../content/attributes.ts';
import { refusalOf } from '../http/send-request.ts';
import { isDone, sendChange, type Target } from './send-change.ts';

/** Refusals that are about this file or about who asks, and not about such requests. */
const OWN = new Set([401, 412, 429]);

export interface SetAttributes extends Target {
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
export function setRemoteAttributes(options: SetAttributes): Promise<boolean> {
  const { attributes, cid, isExact } = options;
  const headers = {
    ...formatAttributes(attributes),
    ...(cid === undefined ? {} : { 'if-match': `"${cid}"` }),
    ...(isExact ? { prefer: 'handling=strict' } : {}),
  };
  return sendChange(options, { method: 'PATCH', headers }, (answer) => {
    if (isDone(answer)) return true;
    const { status } = answer;
    if (status === 501 || (status >= 400 && status < 500 && !OWN.has(status))) return false;
    throw refusalOf(options, answer);
  });
}
