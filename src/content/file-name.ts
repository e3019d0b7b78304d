// Which names of a remote's directory may become names on this disk.
import type { CID } from 'multiformats/cid';
import { manifestError } from './dag-node.ts';

/** NAME_MAX of Linux and macOS. */
const MAX_NAME_BYTES = 255;
/** PATH_MAX of Linux. */
export const MAX_PATH_BYTES = 4096;

/** On Windows these too separate or name a device or a stream. */
const FORBIDDEN = process.platform === 'win32' ? /[/\\:\0]/ : /[/\0]/;

/** @throws HubswarmError ERR_MANIFEST */
export function checkName(cid: CID, name: string, taken: ReadonlySet<string>): void {
  if (name === '' || name === '.' || name === '..' || FORBIDDEN.test(name)) {
    throw manifestError(cid, `has the name ${JSON.stringify(name)}, which is not safe to write`);
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw manifestError(cid, `has a name of more than ${MAX_NAME_BYTES} bytes`);
  }
  if (taken.has(name)) throw manifestError(cid, `has the name ${JSON.stringify(name)} twice`);
}
