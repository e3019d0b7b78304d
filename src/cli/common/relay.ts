// The options of a peer, or a hub that is one, as a relay of others, and of one that uses relays.
import type { Command } from 'commander';
import type { PeerOptions } from '../../peer/peer-options.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { needs, rate, size } from './options.ts';

export interface RelayLimits {
  relayRate?: number;
  relayLimit?: number;
}

export interface RelayFlags extends RelayLimits {
  relay?: string[];
  beRelay: boolean;
}

/** @param when the option that makes it a relay */
export function withRelayLimits(command: Command, when: string): Command {
  return command
    .option(
      '--relay-rate <rate>',
      `with ${when}: most bytes per second relayed between others, who get nothing beyond the caps of this process (default: 1MiB/s)`,
      rate('--relay-rate'),
    )
    .option(
      '--relay-limit <size>',
      `with ${when}: most bytes of one connection between two others, which then has to begin anew (default: 256MiB)`,
      size('--relay-limit'),
    );
}

export function withRelayOptions(command: Command): Command {
  command
    .option(
      '--relay <multiaddrs...>',
      'join these relays too, each by its address with /p2p/, and be called over them (default: where a router keeps calls out, hubs and relays that are joined)',
    )
    .option('--be-relay', 'be a relay for peers that cannot be called', false);
  return withRelayLimits(command, '--be-relay');
}

export type Passage = Pick<PeerOptions, 'relay' | 'relays'>;

/** @throws HubswarmError ERR_USAGE */
export async function passageOf(flags: RelayFlags): Promise<Passage> {
  const { relayRate: bytesPerSecond, relayLimit: bytes, beRelay, relay } = flags;
  needs('--relay-rate', bytesPerSecond, '--be-relay', beRelay);
  needs('--relay-limit', bytes, '--be-relay', beRelay);
  const { parseMultiaddr, tryParseAddress } = await import('../../peer/address/peer-address.ts');
  const relays = relay?.map((text) => {
    parseMultiaddr('--relay', text);
    const { peerId, isRelayed } = tryParseAddress(text)!;
    if (peerId !== undefined && !isRelayed) return peerId;
    const message = `--relay: '${text}' does not end with the relay's PeerId; give /ip4/.../tcp/.../p2p/12D3KooW...`;
    throw new HubswarmError('ERR_USAGE', message);
  });
  return { relays, ...(beRelay && { relay: { bytesPerSecond, bytes } }) };
}
