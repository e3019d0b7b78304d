// What --join names: multiaddrs of peers, and URLs of hubs.
import type { Access } from '../../client/http/access.ts';
import type { HubGuide } from '../../hybrid/hub-guide.ts';
import type { Guide } from '../../peer/discovery/guide.ts';
import { accessOf } from './access.ts';

export interface Joins {
  /** For Peer.join(). */
  readonly through: readonly (string | Guide)[];
  /** Multiaddrs that lead there: they decide where a peer listens. */
  readonly towards: readonly string[];
  /** The hubs, asked as nobody: what comes from them is given to anybody. */
  readonly hubs?: { readonly guides: readonly HubGuide[]; readonly access: Access };
}

const isHub = (text: string): boolean => /^https?:\/\//i.test(text);

/** @throws HubswarmError ERR_USAGE */
export async function parseJoins(option: string, texts: readonly string[]): Promise<Joins> {
  const { parseMultiaddr } = await import('../../peer/address/peer-address.ts');
  const addresses = texts.filter((text) => !isHub(text));
  for (const text of addresses) parseMultiaddr(option, text);
  const urls = texts.filter(isHub);
  if (urls.length === 0) return { through: addresses, towards: addresses };
  const hubs = await hubsAt(option, urls);
  return {
    through: [...addresses, ...hubs.guides],
    towards: [...addresses, ...hubs.guides.map((guide) => guide.towards)],
    hubs,
  };
}

/** Loaded only where it is wanted. */
async function hubsAt(option: string, texts: readonly string[]) {
  const { parseHttpUrl } = await import('../../client/http/url.ts');
  const { HubGuide } = await import('../../hybrid/hub-guide.ts');
  const urls = texts.map((text) => parseHttpUrl(text, option));
  const access = (await accessOf({}, urls)).anonymous();
  return { guides: urls.map((url) => new HubGuide(url, access)), access };
}
