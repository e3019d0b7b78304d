// The options by which a person says how a peer comes into a swarm, and whom it may meet there.
import type { Command } from 'commander';
import type { Entry, Joins } from '../../hybrid/entry.ts';
import type { Guide } from '../../peer/discovery/guide.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import { each } from '../common/options.ts';
import { openSwarmKey } from '../common/swarm-key.ts';
import { accessOf } from './access.ts';

export interface EntryFlags {
  join: string[];
  swarmKey?: string;
  allow?: string[];
}

/** Options that are repeated, for commands whose arguments stand behind them. */
export function addEntryOptions(command: Command, purpose: string): Command {
  return command
    .option(
      '--join <address>',
      `${purpose} this peer (a multiaddr) or hub (http://HUB) as well; may be repeated`,
      each,
      [],
    )
    .option(
      '--swarm-key <file>',
      "belong to a private swarm: only peers with the same key can connect (see 'hubswarm swarm-key'; default: anybody can)",
    )
    .option(
      '--allow <peerid>',
      'connect only to this peer, by its PeerId (12D3KooW...) or an address that ends with it (default: to any); may be repeated',
      each,
    );
}

/** With each property, so that it can stand for options of the same names. */
interface WholeEntry extends Entry {
  readonly swarmKey: Entry['swarmKey'];
  readonly allowed: Entry['allowed'];
}

/** @throws HubswarmError ERR_USAGE, and what is wrong with the file of a key */
export async function entryOf(
  { join, swarmKey: file, allow }: EntryFlags,
  emit: Emit,
): Promise<WholeEntry> {
  const joins = await parseJoins('--join', join);
  if (file === undefined && allow === undefined) {
    return { joins, swarmKey: undefined, allowed: undefined };
  }
  const { parsePeerId } = await import('../../peer/private/allowed-peers.ts');
  const { tryParseAddress } = await import('../../peer/address/peer-address.ts');
  const allowed = allow?.map((text) => parsePeerId('--allow', text));
  for (const address of join) {
    const peer = tryParseAddress(address)?.peerId;
    if (!allowed || peer === undefined || allowed.includes(peer)) continue;
    const message = `--join: ${address} is not among the peers of --allow; add it there`;
    throw new HubswarmError('ERR_USAGE', message);
  }
  const swarmKey = file === undefined ? undefined : await openSwarmKey(file, emit);
  return { joins, swarmKey, allowed };
}

const isHub = (text: string): boolean => /^https?:\/\//i.test(text);

/** What an option names to join: multiaddrs of peers, and URLs of hubs. @throws HubswarmError ERR_USAGE */
export async function parseJoins(option: string, texts: readonly string[]): Promise<Joins> {
  const urls = texts.filter(isHub);
  const names = texts.filter((text) => text.startsWith('/dnsaddr/'));
  const addresses = texts.filter((text) => !urls.includes(text) && !names.includes(text));
  if (addresses.length > 0) {
    const { parseMultiaddr } = await import('../../peer/address/peer-address.ts');
    for (const text of addresses) parseMultiaddr(option, text);
  }
  const hubs = urls.length > 0 ? await hubsAt(option, urls) : undefined;
  const guides = [...(hubs?.guides ?? []), ...(await namesAt(option, names))];
  return {
    through: [...addresses, ...guides],
    towards: [...addresses, ...guides.map(({ towards }) => towards)],
    hubs,
  };
}

/** Loaded only where it is wanted. */
async function namesAt(option: string, texts: readonly string[]): Promise<Guide[]> {
  if (texts.length === 0) return [];
  const { NameGuide } = await import('../../peer/discovery/name-guide.ts');
  const { checkDnsaddr } = await import('../../peer/address/resolve-names.ts');
  for (const text of texts) checkDnsaddr(option, text);
  return texts.map((text) => new NameGuide(text));
}

/** Loaded only where it is wanted. */
async function hubsAt(option: string, texts: readonly string[]) {
  const { parseHttpUrl } = await import('../../client/http/url.ts');
  const { HubGuide } = await import('../../hybrid/hub-guide.ts');
  const urls = texts.map((text) => parseHttpUrl(text, option));
  const access = (await accessOf({}, urls)).anonymous();
  return { guides: urls.map((url) => new HubGuide(url, access)), access };
}
