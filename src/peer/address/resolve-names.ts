// What a multiaddr that begins with a name stands for: addresses by number, which alone are called. Names
// of hosts (`/dns`, `/dns4`, `/dns6`) are looked up as the system does; `/dnsaddr` stands for the
// multiaddrs in TXT records of `_dnsaddr.NAME`, which may be names again
// (https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md). Whoever holds a name says
// what it stands for, so depth, questions and answers are bounded.
import { lookup, Resolver } from 'node:dns/promises';
import { multiaddr } from '@multiformats/multiaddr';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';
import { tryParseAddress } from './peer-address.ts';

/** Names behind names: chosen, real ones have two. */
const MOST_DEPTH = 4;
/** Questions for one name, and addresses that it may stand for. Chosen. */
const MOST_QUESTIONS = 16;
const MOST_ADDRESSES = 16;
const MOST_CHARACTERS = 512;
/** Of one name's TXT records, those that are read. Chosen. */
const MOST_RECORDS = 64;
const ASK_MS = 2000;
const TRIES = 2;

const DNSADDR = /^\/dnsaddr\/([\w.-]{1,253})(?:\/p2p\/(\w{1,64}))?$/;
const NAMED = /^\/(dns|dns4|dns6)\/([^/]+)(\/.*)$/;

/** What asks the system and the name servers; a test brings its own. */
export interface Names {
  hosts(name: string, family: 0 | 4 | 6): Promise<string[]>;
  texts(name: string): Promise<string[]>;
}

const SYSTEM: Names = {
  async hosts(name, family) {
    const found = await lookup(name, { all: true, family });
    return found.map(({ address }) => address);
  },
  async texts(name) {
    const records = await new Resolver({ timeout: ASK_MS, tries: TRIES }).resolveTxt(name);
    return records.map((parts) => parts.join(''));
  },
};

/** Whether it begins with the name of a host, or with `/dnsaddr`. */
export const isNamed = (text: string): boolean =>
  DNSADDR.test(text) || (NAMED.test(text) && tryParseAddress(text) !== undefined);

/** @throws HubswarmError ERR_USAGE, in one line that names the option */
export function checkDnsaddr(option: string, text: string): void {
  if (DNSADDR.test(text)) return;
  const message = `${option}: '${showText(text)}' is not accepted; give /dnsaddr/NAME, or /dnsaddr/NAME/p2p/12D3KooW...`;
  throw new HubswarmError('ERR_USAGE', message);
}

/**
 * The multiaddrs by number that it stands for; none if no name is known.
 *
 * @throws the signal's reason
 */
export async function resolveNames(
  text: string,
  signal?: AbortSignal,
  names: Names = SYSTEM,
): Promise<string[]> {
  const found = new Set<string>();
  let questions = 0;
  const resolve = async (address: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    if (address.length > MOST_CHARACTERS || found.size >= MOST_ADDRESSES) return;
    const [, name, peer] = DNSADDR.exec(address) ?? [];
    const parsed = name === undefined ? tryParseAddress(address) : undefined;
    const [, kind, host, rest = ''] = NAMED.exec(address) ?? [];
    if (name === undefined && parsed && host === undefined) return void found.add(address);
    if (questions >= MOST_QUESTIONS) return;
    questions++;
    if (name !== undefined) {
      if (depth === MOST_DEPTH) return;
      const texts = await names.texts(`_dnsaddr.${name}`).catch(() => []);
      for (const meant of texts.slice(0, MOST_RECORDS).flatMap(readRecord)) {
        if (isOfPeer(meant, peer)) await resolve(meant, depth + 1);
      }
    } else if (parsed && host !== undefined) {
      const ips = await names.hosts(host, familyOf(kind)).catch(() => []);
      for (const ip of ips) {
        if (found.size < MOST_ADDRESSES)
          found.add(`/${ip.includes(':') ? 'ip6' : 'ip4'}/${ip}${rest}`);
      }
    }
  };
  await resolve(text, 0);
  signal?.throwIfAborted();
  return [...found].filter((address) => tryParseAddress(address) !== undefined);
}

/** A record that is another's, or malformed, counts for nothing. */
function readRecord(record: string): string[] {
  if (record.length > MOST_CHARACTERS || !record.startsWith('dnsaddr=')) return [];
  return [record.slice('dnsaddr='.length).trim()];
}

/** Whether a record may lead to that peer: one that names another does not. */
function isOfPeer(meant: string, peer: string | undefined): boolean {
  if (peer === undefined) return true;
  const named = /\/p2p\/(\w+)$/.exec(meant)?.[1];
  return named === peer;
}

/** The family of addresses that a name of that kind stands for; 0 for both. */
export const familyOf = (kind: string | undefined): 0 | 4 | 6 =>
  kind === 'dns4' ? 4 : kind === 'dns6' ? 6 : 0;

/** Hosts, without port and peer, as in /ip4/192.0.2.7. */
export async function resolveToHosts(text: string): Promise<string[]> {
  const found = await resolveNames(text);
  return found.map((each) => {
    const [{ name, value } = { name: '', value: '' }] = multiaddr(each).getComponents();
    return `/${name}/${value}`;
  });
}
