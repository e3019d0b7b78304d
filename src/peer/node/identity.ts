// A peer's identity: an Ed25519 key in the user's data directory. Several peers of one user run at
// once, so there are numbered slots. Each running peer holds one and takes the lowest free one, so
// that a restarted peer is the same peer. What else a peer remembers lies beside its key.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { fileError, HubswarmError, reworded, systemCode } from '../../runtime/errors.ts';
import { lockDirectory, type Release } from '../../runtime/node/directory-lock.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { writeWhole } from '../../runtime/node/small-file.ts';

export interface Identity {
  readonly privateKey: Ed25519PrivateKey;
  readonly peerId: PeerId;
  /** The slot: this peer's own directory while it runs. */
  readonly dir: string;
  /** Frees the slot. A process that dies without this loses nothing. */
  release(): Promise<void>;
}

/** Most slots: more peers in one data directory are a mistake. Chosen. */
const MAX_SLOTS = 1024;

/**
 * Takes the lowest slot that no running peer holds, and its key, made when missing.
 *
 * @param warn told if the slot changed hands without being given back
 * @throws HubswarmError ERR_NOT_PERMITTED when the directory cannot be used
 */
export async function openIdentity(
  dataDir: string,
  warn: (message: string) => void = () => undefined,
  option = '--data',
): Promise<Identity> {
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    const dir = join(dataDir, `peer-${slot}`);
    const release = await takeSlot(dir, warn, option);
    if (!release) continue;
    try {
      const privateKey = await openKey(join(dir, 'identity.key'));
      return { privateKey, peerId: peerIdFromPrivateKey(privateKey), dir, release };
    } catch (error) {
      await release();
      throw error;
    }
  }
  throw new HubswarmError(
    'ERR_NOT_PERMITTED',
    `${dataDir}: all ${MAX_SLOTS} identities are in use by running peers`,
  );
}

/** Makes the slot's directory and locks it; undefined when a running peer holds it. */
async function takeSlot(
  dir: string,
  warn: (message: string) => void,
  option: string,
): Promise<Release | undefined> {
  try {
    await makeDirectory(dir, 0o700);
    const lock = await lockDirectory(dir, { warn });
    return 'release' in lock ? lock.release : undefined;
  } catch (error) {
    throw reworded(error, (message) => `${message}; ${option} names another directory`);
  }
}

async function openKey(path: string): Promise<Ed25519PrivateKey> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, path);
    const key = await generateKeyPair('Ed25519');
    await writeWhole(path, privateKeyToProtobuf(key));
    return key;
  }
  const key = tryKey(bytes);
  if (!key) {
    throw new HubswarmError(
      'ERR_NOT_PERMITTED',
      `${path}: not an Ed25519 key; remove it to have a new one made`,
    );
  }
  return key;
}

function tryKey(bytes: Uint8Array): Ed25519PrivateKey | undefined {
  try {
    const key = privateKeyFromProtobuf(bytes);
    return key.type === 'Ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
