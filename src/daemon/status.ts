// What the daemon is doing, as `hubswarm status` tells it. It goes over the socket in lines, one part of
// it each, so that thousands of shares are never in memory twice.
import { z } from 'zod';

const perSecond = z.number().nonnegative();
/** Bytes per second; null for no cap. */
const cap = z.number().positive().nullable();

const daemonSchema = z.object({
  version: z.string(),
  pid: z.number(),
  dataDir: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  peerId: z.string(),
  /** Multiaddrs, with /p2p/. */
  addresses: z.array(z.string()),
  /** Whether it belongs to a private swarm. */
  private: z.boolean(),
  uplinkBytesPerSecond: cap,
  downlinkBytesPerSecond: cap,
  /** Payload since it was started. */
  sentBytes: z.number(),
  receivedBytes: z.number(),
  /** Payload of the last seconds. */
  sentBytesPerSecond: perSecond,
  receivedBytesPerSecond: perSecond,
  /** Null for no limit. */
  maxRatio: z.number().nullable(),
  maxSeedSeconds: z.number().nullable(),
});

const shareSchema = z.object({
  cid: z.string(),
  name: z.string(),
  path: z.string(),
  kind: z.enum(['file', 'directory']),
  bytes: z.number(),
  /** ISO 8601. */
  sharedAt: z.string(),
  /** Served, not as it was hashed, or over since a limit was reached. */
  state: z.enum(['shared', 'changed', 'removed', 'unreadable', 'ratio', 'time']),
  /** Payload sent of it, in all runs of the daemon. */
  sentBytes: z.number(),
});

const transferSchema = z.object({
  cid: z.string(),
  /** Empty until it is found. */
  name: z.string(),
  /** Directory that it comes into. */
  out: z.string(),
  bytes: z.number(),
  /** 0 until it is found. */
  total: z.number(),
  bytesPerSecond: perSecond,
});

const neighbourSchema = z.object({
  peerId: z.string(),
  /** Where it is called, or called from. */
  address: z.string(),
  /** CIDs of what is exchanged with it. */
  contents: z.array(z.string()),
});

export const statusSchema = z.object({
  daemon: daemonSchema,
  shares: z.array(shareSchema),
  transfers: z.array(transferSchema),
  neighbours: z.array(neighbourSchema),
});

export type Status = z.infer<typeof statusSchema>;

/** A line of the answer. */
export type StatusPart =
  | { readonly daemon: Status['daemon'] }
  | { readonly share: Status['shares'][number] }
  | { readonly transfer: Status['transfers'][number] }
  | { readonly neighbour: Status['neighbours'][number] };

/** Puts the parts together. @throws ZodError for what makes no sense */
export function joinStatus(parts: Iterable<Readonly<Record<string, unknown>>>): Status {
  const whole = { daemon: undefined as unknown, shares: [], transfers: [], neighbours: [] };
  const lists = { share: whole.shares, transfer: whole.transfers, neighbour: whole.neighbours };
  for (const part of parts) {
    if ('daemon' in part) whole.daemon = part.daemon;
    for (const [name, list] of Object.entries(lists)) {
      if (name in part) (list as unknown[]).push(part[name]);
    }
  }
  return statusSchema.parse(whole);
}
