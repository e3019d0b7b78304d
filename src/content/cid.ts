// CIDs, the names of content: which ones are supported, and how they are made. A CID is accepted if
// its block can be verified here (sha2-256) and is part of a UnixFS DAG: dag-pb for inner nodes,
// raw for leaves. Source: https://github.com/multiformats/cid, https://specs.ipfs.tech/unixfs/

import * as dagPb from '@ipld/dag-pb';
import { equals } from 'multiformats/bytes';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create as createDigest } from 'multiformats/hashes/digest';
import { platform } from '#platform';
import { HubswarmError } from '../runtime/errors.ts';
import { DIGEST_LENGTH } from './manifest.ts';

/** The multihash code of sha2-256. */
const SHA2_256 = 0x12;

export function sha256(bytes: Uint8Array): Uint8Array {
  return platform.sha256([bytes]);
}

/** The CID of a leaf, from its sha2-256. */
export function rawCid(digest: Uint8Array): CID {
  return CID.createV1(raw.code, createDigest(SHA2_256, digest));
}

/** The CID of an inner node. */
export function dagPbCid(block: Uint8Array): CID {
  return CID.createV1(dagPb.code, createDigest(SHA2_256, sha256(block)));
}

/** Whether the CID is a leaf that can be verified; other raw CIDs are not supported. */
export function isRawCid(cid: CID): boolean {
  return cid.code === raw.code && isSupportedCid(cid);
}

/** Whether this program can verify the CID: version 1 or 0, dag-pb or raw, sha2-256. */
export function isSupportedCid(cid: CID): boolean {
  return (
    (cid.code === dagPb.code || cid.code === raw.code) &&
    cid.multihash.code === SHA2_256 &&
    cid.multihash.size === DIGEST_LENGTH
  );
}

/** Whether the bytes are those that a (supported) CID names. */
export function matchesCid(cid: CID, bytes: Uint8Array): boolean {
  return equals(sha256(bytes), cid.multihash.digest);
}

/**
 * Longest text of a CID. Chosen: sha2-512 in base16 takes 137. Decoding base58 takes the square of
 * the length.
 */
const MAX_CID_CHARACTERS = 160;

/** Parses a remote's CID, supported or not; undefined for other text. */
export function decodeCid(text: string): CID | undefined {
  if (text.length > MAX_CID_CHARACTERS) return undefined;
  try {
    return CID.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a remote's CID, supported or not, from its binary form; undefined for other bytes. */
export function readCid(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Parses the value of an option as a CID. @throws HubswarmError ERR_USAGE */
export function parseCid(option: string, text: string): CID {
  let cid: CID;
  try {
    cid = CID.parse(text.trim());
  } catch (cause) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is not a CID; give the name that sharing printed (as in bafybei... or bafkrei...)`,
      { cause },
    );
  }
  if (isSupportedCid(cid)) return cid;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' has codec 0x${cid.code.toString(16)} and hash 0x${cid.multihash.code.toString(16)}; accepted are dag-pb (0x70) or raw (0x55) with sha2-256 (0x12)`,
  );
}

/** A digest as a key of a Map: one character a byte, without the Buffer that a browser lacks. */
export const digestKey = (digest: Uint8Array): string =>
  Reflect.apply(String.fromCharCode, undefined, digest);
