// Swarms of the built binary, as real processes on 127.0.0.1.
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Running, randomFile, sha256, start } from './binary.ts';

export const MIB = 2 ** 20;

export interface Origin {
  peer: Running;
  address: string;
  cid: string;
  file: string;
}

/** Shares a new file of random bytes. */
export async function origin(dir: string, bytes: number, ...args: string[]): Promise<Origin> {
  const file = await randomFile(join(dir, 'content.bin'), bytes);
  const data = join(dir, 'origin');
  const peer = start(['peer', '--json', '--data', data, '--share', file, ...args]);
  const { addresses } = await peer.until('listening');
  const { cid } = await peer.until('file_shared');
  return { peer, address: addresses[0]!, cid, file };
}

/** Joins through the origin and fetches its file into a directory of that name. */
export function fetcher(dir: string, name: string, from: Origin, ...args: string[]): Running {
  const data = ['--data', join(dir, `${name}-data`)];
  const get = ['--get', from.cid, '--out', join(dir, name)];
  return start(['peer', '--json', ...data, '--join', from.address, ...get, ...args]);
}

export const sameBytes = async (a: string, b: string): Promise<void> => {
  expect(await sha256(a)).toBe(await sha256(b));
};

/** The pieces that a peer has verified so far. */
export function verified(peer: Running): number[] {
  return peer.events.flatMap((event) => (event.event === 'piece_verified' ? [event.piece] : []));
}

/** Resolves once it has verified so many pieces. */
export async function untilVerified(peer: Running, pieces: number): Promise<void> {
  await peer.until('piece_verified', () => verified(peer).length >= pieces);
}
