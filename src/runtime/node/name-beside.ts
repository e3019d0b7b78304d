// The name of a file that lies beside another one for a while: that name with an ending. A name near
// the file system's limit is cut to make room for it.
import { basename, dirname, join } from 'node:path';

/** NAME_MAX of Linux and macOS. */
const MAX_NAME_BYTES = 255;

/** @param longest the longest ending for which the name is cut, if more will be put behind `ending` */
export function nameBeside(path: string, ending: string, longest = ending): string {
  const name = basename(path);
  const most = MAX_NAME_BYTES - Buffer.byteLength(longest);
  if (Buffer.byteLength(name) <= most) return `${path}${ending}`;
  const short = Buffer.from(name).subarray(0, most).toString();
  // A character that was cut.
  return join(dirname(path), `${short.replace(/\uFFFD$/, '')}${ending}`);
}
