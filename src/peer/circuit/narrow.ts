// Circuits over relays that let little pass, as stock ones of libp2p do (128 KiB): enough to agree on a
// direct connection, and for little more.
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Fields } from './fields.ts';

/** Chosen: a relay that lets more pass carries pieces while the two ends try to meet. */
const LITTLE_BYTES = 2 ** 22;

/** Addresses of the far ends, as their connections have them. */
const narrow = new WeakSet<Multiaddr>();

/** @param limits as a relay tells them; none means no limit, as 0 bytes do */
export function noteLimits(far: Multiaddr, limits: Fields | undefined): void {
  const bytes = limits?.number(2) ?? 0;
  if (bytes > 0 && bytes < LITTLE_BYTES) narrow.add(far);
}

export const isNarrow = ({ remoteAddr }: Connection): boolean => narrow.has(remoteAddr);
