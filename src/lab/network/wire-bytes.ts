// The kernel's counters of each host's line, read at the bridge: frames with all their
// headers, acknowledgements, and what is sent again. A frame that was dropped before the
// line, or sent into a cut, is not in it; one sent to the other half of a split is sent.
//
// A large frame that the kernel hands on unsplit has its headers counted once. On a line
// with a rate nearly all are split before: 0.1 to 0.3 % less than what tbf counts,
// measured from 1 to 4 MB/s. Without a limit it is up to 4 %, which is all the headers.
// Source: ip-link(8), -statistics.
import { z } from 'zod';
import type { Host } from './wiring.ts';

/** Since the network was made. */
export interface WireBytes {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

const counted = z.object({ bytes: z.number() });
const linksSchema = z.array(
  z.object({ ifname: z.string(), stats64: z.object({ rx: counted, tx: counted }) }),
);

/** Commands for the bridge's namespace. */
export const WIRE_BYTES = ['-s', '-j', 'link', 'show', 'type', 'veth'] as const;

/** Counters in the order of the hosts. @param listing output of the command */
export function wireBytesIn(listing: string, hosts: readonly Host[]): WireBytes[] {
  const links = linksSchema.parse(JSON.parse(listing));
  const byPort = new Map(links.map(({ ifname, stats64 }) => [ifname, stats64]));
  return hosts.map(({ port }) => {
    const { rx, tx } = byPort.get(port)!;
    // The bridge's end receives what the host sends.
    return { sentBytes: rx.bytes, receivedBytes: tx.bytes };
  });
}
