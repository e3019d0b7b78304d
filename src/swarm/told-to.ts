// What a neighbour is told of addresses: those that it has a use for, of this peer and of others.
import type { Message } from '../exchange/wire/message.ts';
import type { Network } from './network.ts';

/** The message as it is sent; undefined if nothing is left of it. */
export function toldTo(
  neighbour: string,
  message: Message,
  network: Pick<Network, 'tellable'>,
): Message | undefined {
  if (!network.tellable || (message.type !== 'hello' && message.type !== 'peers')) return message;
  const addresses = [...network.tellable(message.addresses, neighbour)];
  return message.type === 'peers' && addresses.length === 0 ? undefined : { ...message, addresses };
}
