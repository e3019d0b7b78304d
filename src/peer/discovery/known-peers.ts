// The useful peers of earlier runs, most recent first, in the peer's own directory: `--join`
// without an address begins with them. The file is only a hint, so a damaged one counts as empty.
import { join } from 'node:path';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { readJson, writeWhole } from '../../runtime/node/small-file.ts';
import { tryParseAddress } from '../address/peer-address.ts';

/** Enough to find one that still runs, few enough to dial all at once. Chosen. */
const MAX_PEERS = 50;
/** Most addresses of one peer; a host has a few interfaces. Chosen. */
const MAX_ADDRESSES_OF_PEER = 4;
/** Most peers of a run that stand before those known before it. Chosen. */
const MAX_IN_FRONT = MAX_PEERS / 2;

const file = (dir: string): string => join(dir, 'known-peers.json');

/** Multiaddrs with /p2p/, most recently useful first. Malformed entries are left out. */
export async function readKnownPeers(dir: string): Promise<string[]> {
  const value = await readJson(file(dir));
  return Array.isArray(value) ? cap(value) : [];
}

/**
 * Puts peers in front of those known before; a peer's old addresses make way for its new ones. New
 * PeerIds cost nothing, so strangers push out few at a time that this peer reached, and none that
 * only called it.
 *
 * @param reached multiaddrs with /p2p/ at which peers answered, the most useful first; others are
 * left out
 * @param callers what peers that called say of where they listen
 * @throws HubswarmError of the file system
 */
export async function rememberPeers(
  dir: string,
  reached: readonly string[],
  callers: readonly string[] = [],
): Promise<void> {
  const older = await readKnownPeers(dir);
  const known = new Set(older.map(peerOf));
  const met = new Set([...reached, ...callers].map(peerOf));
  const isKnown = (address: string): boolean => known.has(peerOf(address));
  const later = new Set([...new Set(reached.map(peerOf))].slice(MAX_IN_FRONT));
  const peers = cap([
    ...reached.filter((address) => !later.has(peerOf(address))),
    ...callers.filter(isKnown),
    ...older.filter((address) => !met.has(peerOf(address))),
    ...reached.filter((address) => later.has(peerOf(address))),
    ...callers.filter((address) => !isKnown(address)),
  ]);
  await makeDirectory(dir, 0o700);
  await writeWhole(file(dir), `${JSON.stringify(peers, undefined, 1)}\n`);
}

const peerOf = (address: string): string | undefined => tryParseAddress(address)?.peerId;

function cap(addresses: readonly unknown[]): string[] {
  const counts = new Map<string, number>();
  const kept = new Set<string>();
  for (const address of addresses) {
    const peer = typeof address === 'string' ? peerOf(address) : undefined;
    if (peer === undefined || kept.has(address as string)) continue;
    const count = counts.get(peer) ?? 0;
    if (count === MAX_ADDRESSES_OF_PEER || (count === 0 && counts.size === MAX_PEERS)) continue;
    counts.set(peer, count + 1);
    kept.add(address as string);
  }
  return [...kept];
}
