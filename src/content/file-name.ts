// Which names of a remote's directory may become names on this disk.
import type { CID } from 'multiformats/cid';
import { manifestError } from './dag-node.ts';

/** NAME_MAX of Linux and macOS. */
const MAX_NAME_BYTES = 255;
/** PATH_MAX of Linux. */
export const MAX_PATH_BYTES = 4096;
/**
 * Most UTF-16 units of all paths of a manifest. A DAG names each directory once, and a manifest
 * before each of its files: 200 KB unfolded to 0.9 GB of paths. Chosen: 256 for each of 2^18 entries.
 */
export const MAX_PATH_UNITS = 2 ** 26;

const FORBIDDEN = /[/\0]/;
const utf8 = new TextEncoder();

/**
 * Whether a text is longer in UTF-8. A UTF-16 unit takes at most 3 bytes, so most texts need no
 * encoding.
 */
export const isLonger = (text: string, mostBytes: number): boolean =>
  3 * text.length > mostBytes && utf8.encode(text).length > mostBytes;

/** Why the name cannot be one in a directory; undefined if it can. */
export function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || FORBIDDEN.test(name)) {
    return 'is not safe to write';
  }
  return isLonger(name, MAX_NAME_BYTES) ? `has more than ${MAX_NAME_BYTES} bytes` : undefined;
}

/** @throws HubswarmError ERR_MANIFEST */
export function checkName(cid: CID, name: string, taken: ReadonlySet<string>): void {
  const fault = nameFault(name);
  if (fault) throw manifestError(cid, `has the name ${JSON.stringify(name)}, which ${fault}`);
  if (taken.has(name)) throw manifestError(cid, `has the name ${JSON.stringify(name)} twice`);
}
