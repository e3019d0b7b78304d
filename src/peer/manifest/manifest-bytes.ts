// A manifest as bytes: what /hubswarm/dag/1.0.0 answers (docs/protocol.md, 4). On disk
// as on the wire it is believed no further than its hashes go: from the root CID down.
import type { CID } from 'multiformats/cid';
import { isRawCid } from '../../content/cid.ts';
import type { Manifest } from '../../content/manifest.ts';
import { resolveManifest } from '../../content/resolve.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { AnswerDecoder, encodeBlock, encodeHead } from './dag-codec.ts';
import { type RootName, rootNameOf } from './root-name.ts';

/** A manifest, and what is needed to give it to others. */
export interface FetchedManifest extends RootName {
  readonly manifest: Manifest;
  /** The inner blocks depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** The whole content, if the root is a leaf. */
  readonly rawRoot?: Uint8Array;
}

export function encodeManifest({ name, dag, rawRoot }: FetchedManifest): Uint8Array {
  return encodeAnswer(name, rawRoot ? [rawRoot] : [...dag.values()]);
}

/** @param blocks depth first from the root, each once */
export function encodeAnswer(name: string, blocks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([encodeHead('ok', name), ...blocks.flatMap(encodeBlock)]);
}

/** Bytes decoded at once: few enough not to hold up the event loop. Chosen. */
const SLICE_BYTES = 4096;

/**
 * Decodes only as far as the walk down from the root's CID asks. So wrong bytes end at the first
 * wrong block, however many follow.
 *
 * @throws HubswarmError ERR_REMOTE (malformed bytes, or blocks are missing), ERR_HASH_MISMATCH,
 * ERR_MANIFEST; the signal's reason
 */
export async function decodeManifest(
  cid: CID,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<FetchedManifest> {
  const blocks = new BlockSequence(cid, bytes);
  if (isRawCid(cid)) {
    const rawRoot = blocks.next();
    const resolved = await resolveManifest(cid, async () => rawRoot);
    blocks.end();
    return { ...resolved, ...blocks.named, rawRoot };
  }
  const options = { inOrder: true, ...(signal ? { signal } : {}) };
  const resolved = await resolveManifest(cid, async () => blocks.next(), options);
  blocks.end();
  return { ...resolved, ...blocks.named };
}

/** The blocks of an answer in memory, one after the other. */
class BlockSequence {
  named: RootName;
  readonly #cid: CID;
  readonly #bytes: Uint8Array;
  readonly #decoder: AnswerDecoder;
  #offset = 0;
  #decoded: Uint8Array[] = [];
  #taken = 0;

  constructor(cid: CID, bytes: Uint8Array) {
    this.#cid = cid;
    this.#bytes = bytes;
    this.named = rootNameOf(cid, '');
    this.#decoder = new AnswerDecoder({
      handleHead: (_status, hint) => {
        this.named = rootNameOf(cid, hint);
      },
      handleBlock: (block) => this.#decoded.push(block),
    });
  }

  next(): Uint8Array {
    const block = this.#take();
    if (block) return block;
    throw this.#violation(this.#decoder.end() ?? 'a block of its DAG is missing');
  }

  /** Call when the DAG is complete. */
  end(): void {
    if (this.#take()) throw this.#violation('more blocks than its DAG has');
    const violation = this.#decoder.end();
    if (violation !== undefined) throw this.#violation(violation);
  }

  #take(): Uint8Array | undefined {
    if (this.#taken === this.#decoded.length) {
      this.#decoded = [];
      this.#taken = 0;
      while (this.#decoded.length === 0 && this.#offset < this.#bytes.length) this.#decode();
    }
    return this.#decoded[this.#taken++];
  }

  #decode(): void {
    const end = Math.min(this.#bytes.length, this.#offset + SLICE_BYTES);
    const violation = this.#decoder.push(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    if (violation !== undefined) throw this.#violation(violation);
  }

  #violation(what: string): HubswarmError {
    return new HubswarmError('ERR_REMOTE', `${this.#cid}: ${what}`);
  }
}
