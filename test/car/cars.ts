// Reads CARs, and the conformance suite's DAGs among them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as dagCbor from '@ipld/dag-cbor';
import { varint } from 'multiformats';
import { CID } from 'multiformats/cid';
import { matchesCid } from '../../src/content/cid.ts';

export interface Car {
  roots: CID[];
  blocks: { cid: CID; bytes: Uint8Array }[];
}

/** Every byte is accounted for, and every block that can be is hashed. */
export function readCar(bytes: Uint8Array): Car {
  const sections: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [length, digits] = varint.decode(bytes, at);
    const section = bytes.subarray(at + digits, at + digits + length);
    if (section.length !== length) throw new Error('the CAR is cut');
    sections.push(section);
    at += digits + length;
  }
  const { roots, version } = dagCbor.decode<{ roots: CID[]; version: number }>(sections[0]!);
  if (version !== 1) throw new Error(`version ${version}`);
  const blocks = sections.slice(1).map((section) => {
    const [cid, block] = CID.decodeFirst(section);
    if (!matchesCid(cid, block)) throw new Error(`${cid} has other bytes`);
    return { cid, bytes: block };
  });
  return { roots, blocks };
}

export interface Dags {
  root: CID;
  get(cid: CID): Promise<Uint8Array | undefined>;
  /** Blocks that were asked for, in order. */
  asked: string[];
}

const FOLDER = join(import.meta.dirname, '../../fixtures/trustless-gateway');

export async function loadDags(name: string): Promise<Dags> {
  const { roots, blocks } = readCar(await readFile(join(FOLDER, `${name}.car`)));
  const byCid = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]));
  const asked: string[] = [];
  const get = async (cid: CID): Promise<Uint8Array | undefined> => {
    asked.push(cid.toString());
    return byCid.get(cid.toString());
  };
  return { root: roots[0]!, get, asked };
}
