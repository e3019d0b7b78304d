// How a peer that bears a token is admitted to what a hub gives to tokens alone: JSON of GET
// /.well-known/hubswarm-admission, asked twice. The first answer is a challenge, the second, to the
// challenge signed by the peer, an admission: the hub's word, which the peer shows to others.
import { z } from 'zod';

/** Below the hub's own address, which may have a path. */
export const ADMISSION_PATH = '.well-known/hubswarm-admission';

const HEX_32_BYTES = /^[\da-f]{64}$/;
/** Most characters of a PeerId. */
const MOST_PEER_ID = 64;
/** An Ed25519 signature in base64url. */
const SIGNATURE = /^[\w-]{86}$/;
/** The latest time of ECMAScript. */
const MOST_MS = 8.64e15;

/** What a hub says of a peer: until then it may have what the topic stands for. */
export const ticketSchema = z.object({
  /** PeerId of the hub, which signed it. */
  hub: z.string().max(MOST_PEER_ID),
  peer: z.string().max(MOST_PEER_ID),
  /** Stands for one CID, and is told to admitted peers alone. */
  topic: z.string().regex(HEX_32_BYTES),
  /** Milliseconds since the epoch, by the hub's clock. */
  until: z.number().int().nonnegative().max(MOST_MS),
  signature: z.string().regex(SIGNATURE),
});

export const challengeSchema = z.object({ challenge: z.string().regex(/^[\w-]{1,128}$/) });

export const admissionSchema = z.object({
  ticket: ticketSchema,
  /** Milliseconds for which it holds, counted from the answer. */
  ms: z.number().int().nonnegative().max(MOST_MS),
});

export type Ticket = z.infer<typeof ticketSchema>;
export type Challenge = z.infer<typeof challengeSchema>;
export type HubAdmission = z.infer<typeof admissionSchema>;

/** What the peer signs: it names the hub, so that no other hub can use the proof. */
export const proofText = (hub: string, challenge: string): string =>
  `hubswarm admission proof 1\n${hub}\n${challenge}`;
