// The record of an unfinished upload, which lies on the disk beside its bytes; and how many of the
// bytes count. The length of the data file is the offset, so that nothing need be recorded while
// bytes come: what a killed process wrote is in the kernel's hands and stays. Two things cap it:
// - after a restart of the machine only what was synced counts (the record names the boot that it
//   was written in);
// - of a chunk that has a checksum nothing counts before that was compared.
import { z } from 'zod';
import type { Caller } from '../access/caller.ts';

const recordSchema = z.object({
  version: z.literal(1),
  expiresMs: z.number(),
  /** Length of the whole upload in bytes; null until known. */
  length: z.number().nullable(),
  /** Metadata as the client wrote it. */
  metadata: z.string().nullable(),
  concat: z.string().nullable(),
  /** Names of the target below the root; null for a part of another upload. */
  target: z.array(z.string()).nullable(),
  /** Whose token made it; null for none. Records of earlier versions have no owner. */
  owner: z.string().nullable().default(null),
  /** Who made it: a token's holder or an address. Records of earlier versions name nobody. */
  client: z.string().default(''),
  /** Preconditions from the request that created it, for its publication. */
  conditions: z.record(z.string(), z.string()),
  syncedBytes: z.number(),
  boot: z.string(),
  /** Bytes from this position on have not been compared with their checksum yet. */
  uncheckedFrom: z.number().nullable(),
  /** The data file leaves for its target: `publishing` is written before, `published` after. */
  state: z.enum(['open', 'publishing', 'published']),
});

export type UploadRecord = z.infer<typeof recordSchema>;

/** Whether the caller may go on with an upload: a part of a token's holder is that holder's. */
export function mayGoOn({ record }: { record: UploadRecord }, { rights }: Caller): boolean {
  return record.concat !== 'partial' || record.owner === null || record.owner === rights?.holder;
}

export function parseRecord(text: string): UploadRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** @param dataBytes length of the data file; undefined if it is gone */
export function offsetOf(
  record: UploadRecord,
  dataBytes: number | undefined,
  boot: string,
): number {
  if (record.state === 'published' || dataBytes === undefined) return record.length ?? 0;
  const trusted =
    record.boot === boot && boot !== '' ? dataBytes : Math.min(dataBytes, record.syncedBytes);
  return Math.min(trusted, record.uncheckedFrom ?? trusted);
}
