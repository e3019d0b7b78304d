// The name under which content is stored. It is a hint of whoever gives the manifest: the CID says
// nothing of it. The rule is that of names inside a directory, and one more: it lies beside what the
// user has already, where a hidden file may be read at the next login. A hint that is not used is
// told.
import type { CID } from 'multiformats/cid';
import { nameFault } from '../../content/file-name.ts';

export interface RootName {
  /** Safe to join to a directory; the CID if no name was given that can be used. */
  readonly name: string;
  /** The hint that is not used, and why, for the user. */
  readonly unusedName?: string;
}

/** On Windows these separate names, name a stream, or are in no name. */
const FORBIDDEN = process.platform === 'win32' ? /[\\:\p{Cc}]/u : undefined;

export function rootNameOf(cid: CID, hint: string): RootName {
  const name = cid.toString();
  if (hint === '' || hint === name) return { name };
  const fault = faultOf(hint);
  if (fault === undefined) return { name: hint };
  return { name, unusedName: `the name ${JSON.stringify(hint)} is not used, since it ${fault}` };
}

function faultOf(hint: string): string | undefined {
  const fault = nameFault(hint);
  if (fault !== undefined) return fault;
  if (hint.startsWith('.')) return 'would be hidden';
  // So decoders write bytes that are none.
  if (hint.includes('\ufffd')) return 'is not UTF-8';
  return FORBIDDEN?.test(hint) ? 'is not safe to write on this system' : undefined;
}
