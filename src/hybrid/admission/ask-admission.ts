// Asks a hub to admit a peer to a file that the user's token opens.
import type { CID } from 'multiformats/cid';
import type { z } from 'zod';
import {
  ADMISSION_PATH,
  admissionSchema,
  challengeSchema,
  type HubAdmission,
  proofText,
} from '../../api/hub-admission.ts';
import type { HttpClient } from '../../client/http/http-client.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import { isGenuine, type Sign } from './ticket.ts';

/** Longest answer. Chosen: it has some 500. */
const MOST_BYTES = 4096;

interface AdmittingHub {
  /** Its own address, ends in a slash. */
  readonly base: URL;
  /** Its PeerId. */
  readonly peer: string;
}

interface Asker {
  readonly peerId: string;
  readonly sign: Sign;
}

/** @throws SourceFailure if the hub refuses, or makes no sense; the signal's reason */
export async function askAdmission(
  http: HttpClient,
  { base, peer }: AdmittingHub,
  cid: CID,
  { peerId, sign }: Asker,
  signal: AbortSignal,
): Promise<HubAdmission> {
  const url = new URL(ADMISSION_PATH, base);
  url.search = `${new URLSearchParams({ peer: peerId, cid: `${cid}` })}`;
  const { challenge } = parse(challengeSchema, await http.getBytes(url, MOST_BYTES, signal));
  const proof = await sign(Buffer.from(proofText(peer, challenge)));
  url.searchParams.set('challenge', challenge);
  url.searchParams.set('proof', Buffer.from(proof).toString('base64url'));
  const admission = parse(admissionSchema, await http.getBytes(url, MOST_BYTES, signal));
  const { ticket } = admission;
  if (ticket.hub === peer && ticket.peer === peerId && (await isGenuine(ticket))) {
    return admission;
  }
  throw nonsense();
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    throw nonsense();
  }
}

const nonsense = (): SourceFailure =>
  new SourceFailure('answers a peer that wants to be admitted with what makes no sense', {
    final: true,
  });
