// Finds the router of this machine: the default route of IPv4, as the kernel has it. Sends nothing.
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { SCOPE, scopeOfIp } from '../../runtime/node/scope.ts';

export interface Gateway {
  readonly router: string;
  /** This machine's address in the router's network. */
  readonly host: string;
}

const ROUTES = '/proc/net/route';
/** RTF_GATEWAY of Linux. */
const GATEWAY_FLAG = 0x2;

/** Undefined without a router on a private network, and on systems that do not show their routes there. */
export async function findGateway(): Promise<Gateway | undefined> {
  const table = await readFile(ROUTES, 'latin1').catch(() => '');
  for (const { device, router } of parseRoutes(table)) {
    const own = networkInterfaces()[device]?.filter(({ family }) => family === 'IPv4') ?? [];
    const near = own.find(({ address, netmask }) => isIn(router, address, netmask)) ?? own[0];
    // A router with a public address leads to no translation of addresses.
    const isPrivate = scopeOfIp(router) === SCOPE.network;
    if (isPrivate && near && scopeOfIp(near.address) === SCOPE.network) {
      return { router, host: near.address };
    }
  }
  return undefined;
}

/** Default routes, the preferred one first. */
export function parseRoutes(table: string): { device: string; router: string }[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(
      ([, to, via, flags, , , , mask]) =>
        to === '00000000' &&
        mask === '00000000' &&
        /^[\dA-F]{8}$/i.test(via ?? '') &&
        (Number.parseInt(flags ?? '0', 16) & GATEWAY_FLAG) !== 0,
    )
    .sort((a, b) => Number(a[6]) - Number(b[6]))
    .map(([device = '', , via = '']) => ({ device, router: addressOf(via) }));
}

/** The kernel prints the four bytes as a number of this machine, which has the lowest byte first. */
const addressOf = (hex: string): string => Buffer.from(hex, 'hex').reverse().join('.');

function isIn(address: string, own: string, netmask: string): boolean {
  const [a, b, mask] = [address, own, netmask].map((text) => text.split('.').map(Number));
  return a!.every((byte, i) => (byte & mask![i]!) === (b![i]! & mask![i]!));
}
