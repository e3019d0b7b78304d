// What to fetch from a swarm, as people have it: a CID, CID/path, or either as IPFS writes links.
import type { CID } from 'multiformats/cid';

/** What is fetched. */
export interface CidTarget {
  /** First the CID that was given, then that of what the path leads to. */
  cid: CID;
  readonly path?: string;
}

const LINK = /^(?:ipfs:\/\/|\/ipfs\/)(?=.)/i;
/** Also one that is cut, or of another kind: it is told as a CID. */
const SHAPE = /^(baf[a-z2-7]{10,}|BAF[A-Z2-7]{10,}|Qm[1-9A-Za-z]{30,})(\/.*)?$/s;

/** Whether the text can mean nothing else. */
export const looksLikeCid = (text: string): boolean => SHAPE.test(text.replace(LINK, ''));

/** @throws HubswarmError ERR_USAGE */
export async function parseCidTarget(option: string, text: string): Promise<CidTarget> {
  // Here, so that a command line that fetches nothing does not load it.
  const { parseCid } = await import('./cid.ts');
  const plain = text.replace(LINK, '');
  const slash = plain.indexOf('/');
  const name = slash < 0 ? plain : plain.slice(0, slash);
  // Base32 has both cases; the library reads the lower one.
  const lower = /^BAF[A-Z2-7]+$/.test(name) ? name.toLowerCase() : name;
  const cid = parseCid(option, name === '' ? text : lower);
  return slash < 0 ? { cid } : { cid, path: plain.slice(slash + 1) };
}
