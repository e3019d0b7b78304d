// A CAR of version 1: a header with the root, then each block behind its length and its CID.
// Source: https://ipld.io/specs/transport/car/carv1/
import * as dagCbor from '@ipld/dag-cbor';
import { varint } from 'multiformats';
import type { CID } from 'multiformats/cid';

export function carHeader(root: CID): Uint8Array {
  const header = dagCbor.encode({ roots: [root], version: 1 });
  return withLength(header.length, header);
}

/** What stands before the bytes of a block. */
export const frameHead = ({ bytes: cid }: CID, blockLength: number): Uint8Array =>
  withLength(cid.length + blockLength, cid);

function withLength(length: number, first: Uint8Array): Uint8Array {
  const digits = varint.encodingLength(length);
  const made = new Uint8Array(digits + first.length);
  varint.encodeTo(length, made);
  made.set(first, digits);
  return made;
}
