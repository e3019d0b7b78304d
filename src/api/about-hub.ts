// What a hub tells of itself to whoever asks, without a token: JSON of GET /.well-known/hubswarm (RFC
// 8615). It names no file.
import { z } from 'zod';

/** Below the hub's own address, which may have a path. */
export const ABOUT_HUB_PATH = '.well-known/hubswarm';

/** Most addresses of a peer. Chosen: more than hosts with many networks have. */
const MOST_ADDRESSES = 64;
/** Most characters of a multiaddr; a DNS name has 253, a PeerId 52. */
const MOST_CHARACTERS = 512;

const swarmSchema = z.object({
  /** The PeerId that must answer at each of the addresses. */
  peer: z.string().max(MOST_CHARACTERS),
  /** Multiaddrs with /p2p/ and the PeerId, those that the asker may be able to call. */
  addresses: z.array(z.string().max(MOST_CHARACTERS)).max(MOST_ADDRESSES),
  /** True if only peers with its key can connect. */
  private: z.literal(true).optional(),
  /** True if peers that show a token are admitted to what it opens (api/hub-admission.ts). */
  admits: z.literal(true).optional(),
});

export const aboutHubSchema = z.object({
  version: z.literal(1),
  /** Where the files are, as a reference from the URL of this answer. */
  files: z.string().max(1024),
  /** Absent if the hub is no peer. */
  swarm: swarmSchema.optional(),
});

export type AboutHub = z.infer<typeof aboutHubSchema>;
/** How others find a hub in the swarm. */
export type HubInSwarm = z.infer<typeof swarmSchema>;
