// What a hub knows of an address: whether it may call (--allow, --deny), how many requests it has
// sent, and its share of the uplink. An entry is made once for each connection, or once for each
// address that a proxy names, and is kept there: a look into a BlockList costs 1.6 us.
import { isIPv6 } from 'node:net';
import type { Link } from '../../link/link.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { AddressRules } from './address-rules.ts';
import type { ClientLinks } from './client-links.ts';
import type { RequestBudget, RequestLimit } from './request-rate.ts';

export interface KnownAddress {
  readonly address: string;
  /**
   * Link that bytes to this address pass first; undefined if clients have no share of their own.
   */
  readonly link: Link | undefined;
  /** Counts one request. @throws Refusal ERR_NOT_PERMITTED, RateRefusal */
  admit(): void;
}

export interface AddressesOptions {
  readonly rules: AddressRules;
  readonly limit: RequestLimit | undefined;
  readonly links: ClientLinks | undefined;
}

export class Addresses {
  readonly #options: AddressesOptions;

  constructor(options: AddressesOptions) {
    this.#options = options;
  }

  /** Whether that address may come; no request is counted. @param address in its normal form */
  admits(address: string): boolean {
    return this.#options.rules.admits(address);
  }

  /** @param address in its normal form */
  of(address: string): KnownAddress {
    const { rules, limit, links } = this.#options;
    const client = household(address);
    const admitted = rules.admits(address);
    const budget: RequestBudget | undefined = limit?.of(client);
    return {
      address,
      link: links?.of(client),
      admit: () => {
        if (!admitted) throw new Refusal('ERR_NOT_PERMITTED', 'this address may not come here');
        if (budget) limit?.spend(budget);
      },
    };
  }
}

/**
 * The address that stands for a user. An IPv6 user has a network of 2^64 addresses (RFC 6177), and
 * so counts as one by its /64.
 */
export function household(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    // An IPv4 address at the end stands for two groups.
    const missing = 8 - groups.length - after.length - (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(Math.max(missing, 0)).fill('0'), ...after);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
