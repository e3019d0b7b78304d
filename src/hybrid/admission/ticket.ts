// Tickets: a hub's word that a peer may have what a topic stands for, until then. The topic is a secret
// of those that were admitted: what they show to one another names no file.
import { createHmac, hash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import type { Ticket } from '../../api/hub-admission.ts';
import { isSignedBy } from '../../peer/private/signed-by.ts';

/** How a peer signs with the key of its PeerId: the same bytes for the same text (Ed25519, RFC 8032). */
export type Sign = (bytes: Uint8Array) => Promise<Uint8Array>;

const TOPICS = 'hubswarm admission topics 1';

/** The key of a hub's topics: it has the same one after a restart. */
export async function topicKey(sign: Sign): Promise<Buffer> {
  return hash('sha256', await sign(Buffer.from(TOPICS)), 'buffer');
}

export const topicOf = (key: Buffer, { multihash }: CID): string =>
  createHmac('sha256', key).update(multihash.digest).digest('hex');

export async function signTicket(ticket: Omit<Ticket, 'signature'>, sign: Sign): Promise<Ticket> {
  const signature = await sign(textOf(ticket));
  return { ...ticket, signature: Buffer.from(signature).toString('base64url') };
}

/** Whether the hub said so; whom it is for, and whether it still holds, is not looked at. */
export const isGenuine = (ticket: Ticket): Promise<boolean> =>
  isSignedBy(ticket.hub, textOf(ticket), Buffer.from(ticket.signature, 'base64url'));

const textOf = ({ hub, peer, topic, until }: Omit<Ticket, 'signature'>): Buffer =>
  Buffer.from(`hubswarm admission 1\n${hub}\n${peer}\n${topic}\n${until}`);
