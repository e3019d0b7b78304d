// What a sender tells the receiver that knew the phrase.
import { z } from 'zod';
import { decodeCid } from '../../content/cid.ts';
import { HubswarmError } from '../../runtime/errors.ts';

/** Longest offer, in bytes of JSON. */
export const MOST_OFFER_BYTES = 4096;

const isCid = (text: string): boolean => decodeCid(text) !== undefined;

const offerSchema = z.object({
  /** CID of what is shared. */
  cid: z.string().max(128).refine(isCid),
  name: z.string().max(1024),
  bytes: z.number().int().nonnegative(),
});

export type Offer = z.infer<typeof offerSchema>;

export const encodeOffer = (offer: Offer): Buffer => Buffer.from(JSON.stringify(offer));

/** @throws HubswarmError ERR_MANIFEST */
export function decodeOffer(bytes: Uint8Array): Offer {
  try {
    return offerSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    throw new HubswarmError('ERR_MANIFEST', 'the sender makes no sense', { cause });
  }
}
