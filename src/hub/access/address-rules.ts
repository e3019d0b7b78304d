// Decides which addresses may call (--allow, --deny), and brings an address into one form. An IPv4
// address that a dual-stack socket shows as ::ffff:a.b.c.d becomes that IPv4 address. The zone of a
// link-local address is left out.
import { BlockList, isIP } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';

const BITS = { 4: 32, 6: 128 } as const;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function normalAddress(address: string): string {
  const bare = address.replace(/%.*$/s, '');
  return MAPPED.exec(bare)?.[1] ?? bare;
}

export class AddressSet {
  readonly #list = new BlockList();

  /** @param cidrs as checked by checkCidr */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const [address, bits] = split(cidr);
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
      this.#list.addSubnet(address, bits, family);
    }
  }

  /** @param address in its normal form */
  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

export class AddressRules {
  readonly #allow: AddressSet | undefined;
  readonly #deny: AddressSet;

  /** Admits all addresses but the denied ones if no block is allowed. */
  constructor(allow: readonly string[], deny: readonly string[]) {
    this.#allow = allow.length > 0 ? new AddressSet(allow) : undefined;
    this.#deny = new AddressSet(deny);
  }

  admits(address: string): boolean {
    return !this.#deny.has(address) && (this.#allow === undefined || this.#allow.has(address));
  }
}

/**
 * `10.0.0.0/8`, `2001:db8::/32` or one address. Returns the text as given.
 *
 * @throws HubswarmError ERR_USAGE
 */
export function checkCidr(option: string, text: string): string {
  const [address, bits] = split(text);
  const family = isIP(address);
  const known = family === 4 || family === 6;
  if (known && !MAPPED.test(address) && !address.includes('%') && bits <= BITS[family]) return text;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not accepted; give an address or a block of them, as in 192.168.0.0/16, 10.1.2.3 or 2001:db8::/32`,
  );
}

/**
 * Without a prefix length the text is one address. A malformed length is NaN, which fits nothing.
 */
function split(cidr: string): [address: string, bits: number] {
  const [, address = '', bits] = /^([^/]*)(?:\/(.*))?$/.exec(cidr) ?? [];
  if (bits === undefined) return [address, isIP(address) === 4 ? BITS[4] : BITS[6]];
  return [address, /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN];
}
