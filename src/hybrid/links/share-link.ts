// A share link: one line that a person passes on, and that says what to fetch and where to begin.
//
//     hubswarm:CID[/PATH]?a=ADDRESS&p=PEERID&n=NAME&s=BYTES&h=HUB-URL
//
// `a` and `h` may be repeated. `p` is the PeerId of each address that names none, so that it stands
// once. Values are percent-coded UTF-8; other keys, and what follows a `#`, are ignored, so that a later
// version may add some. `a` comes first: a shell that was given the link without quotes cuts it at the
// first `&`, and what is left still leads there.
//
// Anybody can write a link, and a web page can show one. So each part is bounded before it is used,
// names are such as a person can read, and no part carries credentials. Which of its addresses are
// called is decided in callable.ts.
import type { CID } from 'multiformats/cid';
import { type CidTarget, parseCidTarget } from '../../content/cid-target.ts';
import { nameFault } from '../../content/file-name.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';

export interface ShareLink extends CidTarget {
  /** Name of the file or directory: a hint. */
  readonly name?: string;
  /** Its length: a hint. */
  readonly bytes?: number;
  /** Multiaddrs, each with the PeerId if it is known. */
  readonly addresses: readonly string[];
  /** URLs of hubs, each ending in a slash. */
  readonly hubs: readonly string[];
}

/** Longest link, in characters. Chosen: the longest that terminals and chats pass on as one line. */
const MAX_LINK_LENGTH = 4096;
/** Most addresses, as peer/discovery takes of one peer. Chosen. */
const MOST_ADDRESSES = 16;
const MOST_HUBS = 8;
/** Longest address, as in peer/address; longest URL. */
const MAX_VALUE_LENGTH = 512;

const SCHEME = /^hubswarm:(?:\/\/)?/i;
/** Printable ASCII: everything else is percent-coded. */
const PRINTABLE = /^[\x21-\x7e]*$/;
const ADDRESS = /^(\/[\w.:%-]+)+$/;
const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{40,64}$/;
const BYTES = /^\d{1,16}$/;

export const isShareLink = (text: string): boolean => SCHEME.test(text);

/** @throws HubswarmError ERR_USAGE, in one line that says which part is wrong */
export async function parseShareLink(text: string): Promise<ShareLink> {
  if (text.length > MAX_LINK_LENGTH) {
    throw refusal('', `has more than ${MAX_LINK_LENGTH} characters`);
  }
  if (!PRINTABLE.test(text)) throw refusal('', 'has characters that no link has; quote it whole');
  const [body = ''] = text.replace(SCHEME, '').split('#');
  const [target = '', query = ''] = cutAt(body, '?');
  const values = parseQuery(query);
  const name = only(values, 'n');
  const bytes = only(values, 's');
  const peerId = only(values, 'p');
  if (name !== undefined && !isName(name)) throw refusal('n', 'is no name of a file');
  if (bytes !== undefined && !isLength(bytes)) throw refusal('s', 'is no number of bytes');
  if (peerId !== undefined && !PEER_ID.test(peerId)) throw refusal('p', 'is no PeerId');
  return {
    ...(await parseCidTarget('link', decode('CID', target))),
    ...(name === undefined ? {} : { name }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    addresses: several(values, 'a', MOST_ADDRESSES).map((each) => addressOf(each, peerId)),
    hubs: several(values, 'h', MOST_HUBS).map(hubOf),
  };
}

/** A link of these parts; a name that a link may not carry is left out. */
export function formatShareLink(link: ShareLink): string {
  const { cid, path, name, bytes, addresses, hubs } = link;
  const peerId = commonPeer(addresses);
  const shown = peerId === undefined ? addresses : addresses.map(withoutPeer);
  const query = [
    ...shown.map((address) => `a=${encode(address)}`),
    ...(peerId === undefined ? [] : [`p=${peerId}`]),
    ...(name === undefined || !isName(name) ? [] : [`n=${encode(name)}`]),
    ...(bytes === undefined ? [] : [`s=${bytes}`]),
    ...hubs.map((hub) => `h=${encode(hub)}`),
  ];
  const below = path === undefined ? '' : `/${encode(path)}`;
  return `hubswarm:${cid}${below}${query.length > 0 ? '?' : ''}${query.join('&')}`;
}

/** The same content for a gateway, or any program of IPFS. */
export const ipfsLink = (cid: CID): string => `ipfs://${cid}`;

/** Keys of one letter, with their values in order. */
function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const part of query.split('&')) {
    const [key = '', value = ''] = cutAt(part, '=');
    if (key.length !== 1) continue;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

function only(values: ReadonlyMap<string, string[]>, key: string): string | undefined {
  const [first, ...more] = values.get(key) ?? [];
  if (more.length > 0) throw refusal(key, 'stands there twice');
  return first === undefined ? undefined : decode(key, first);
}

function several(values: ReadonlyMap<string, string[]>, key: string, most: number): string[] {
  const found = values.get(key) ?? [];
  if (found.length > most) throw refusal(key, `stands there more than ${most} times`);
  return found.map((value) => {
    const decoded = decode(key, value);
    if (decoded.length > MAX_VALUE_LENGTH) {
      throw refusal(key, `has more than ${MAX_VALUE_LENGTH} characters`);
    }
    return decoded;
  });
}

function addressOf(text: string, peerId: string | undefined): string {
  if (!ADDRESS.test(text)) throw refusal('a', `'${showText(text)}' is no multiaddr`);
  return peerId === undefined || text.includes('/p2p/') ? text : `${text}/p2p/${peerId}`;
}

function hubOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw refusal('h', `'${showText(text)}' is no http or https URL`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refusal('h', 'carries credentials, which no link may');
  }
  if (url.search !== '' || url.hash !== '') {
    throw refusal('h', 'is no URL of a hub: it has a query');
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** A name that a person reads as it is, and that may be one in a directory. */
const isName = (name: string): boolean =>
  nameFault(name) === undefined && showText(name) === name && !name.includes('\ufffd');

const isLength = (text: string): boolean => BYTES.test(text) && Number.isSafeInteger(Number(text));

/** The PeerId of all addresses, if they have the same. */
function commonPeer(addresses: readonly string[]): string | undefined {
  const ids = new Set(addresses.map((address) => /\/p2p\/([^/]+)$/.exec(address)?.[1]));
  const [id] = ids;
  return ids.size === 1 && id !== undefined && PEER_ID.test(id) ? id : undefined;
}

const withoutPeer = (address: string): string => address.replace(/\/p2p\/[^/]+$/, '');

/** What may stand in a query as it is, but for what a shell reads between quotes. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll("'", '%27').replaceAll('%2F', '/').replaceAll('%3A', ':');

function decode(key: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal(key, 'is not percent-coded UTF-8');
  }
}

function cutAt(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

const refusal = (part: string, what: string): HubswarmError =>
  new HubswarmError('ERR_USAGE', `link: ${part === '' ? 'it' : `its part '${part}'`} ${what}`);
