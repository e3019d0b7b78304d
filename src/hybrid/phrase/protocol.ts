/**
 * /hubswarm/phrase/1.0.0: two peers prove to each other that their users said the same code phrase.
 *
 * Participants: the receiver, which opens the stream, and the sender of a share. Goal: the receiver
 * learns what is shared, and each knows that the PeerId at the other end is the right one. Non-goals:
 * the content, which the exchange carries; secrecy of the stream, which Noise gives.
 *
 *     receiver  u16 number of the phrase, 65 bytes: share of SPAKE2 (RFC 9382, the side A)
 *     sender    u8 status; after 0: 65 bytes: its share (the side B)
 *     receiver  32 bytes: its confirmation
 *     sender    u8 status; after 0 and 2: 32 bytes: its confirmation; after 0: u16 length, offer in JSON
 *     receiver  reports until it ends the stream, 8 bytes each: u64 bytes verified so far,
 *               or 2^64 - 1: all that it wants is here, so many bytes as it reported last
 *
 * The identities are the PeerIds as text. A sender judges one confirmation by each phrase: after a
 * wrong one it has another phrase.
 */
import { SHARE_LENGTH } from './spake2.ts';

export const PHRASE_PROTOCOL = '/hubswarm/phrase/1.0.0';

/** The statuses, by their numbers. */
const STATUSES = ['ok', 'unknown', 'taken', 'wrong'] as const;
/** ok; no share of that number; as many receivers as may be; another phrase than the sender's. */
export type Status = (typeof STATUSES)[number];

export const encodeStatus = (status: Status): Buffer => Buffer.of(STATUSES.indexOf(status));
export const decodeStatus = (bytes: Uint8Array): Status | undefined => STATUSES[bytes[0] ?? -1];

export const OPENING_LENGTH = 2 + SHARE_LENGTH;

export function encodeOpening(number: number, share: Uint8Array): Buffer[] {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(number);
  return [head, Buffer.from(share)];
}

export const decodeOpening = (bytes: Buffer): { number: number; share: Uint8Array } => ({
  number: bytes.readUInt16BE(),
  share: bytes.subarray(2),
});

export const REPORT_LENGTH = 8;
const COMPLETE = 2n ** 64n - 1n;

/** @param bytes verified so far; 'complete' when everything is here */
export function encodeReport(bytes: number | 'complete'): Buffer {
  const report = Buffer.alloc(REPORT_LENGTH);
  report.writeBigUInt64BE(bytes === 'complete' ? COMPLETE : BigInt(bytes));
  return report;
}

export function decodeReport(report: Buffer): number | 'complete' {
  const value = report.readBigUInt64BE();
  return value === COMPLETE ? 'complete' : Number(value);
}
