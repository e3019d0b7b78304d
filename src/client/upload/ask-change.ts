// One request that changes something on a server and needs no link of its own: sent, its status
// judged, and its failure told as a person reads it.
import { Link } from '../../link/link.ts';
import type { Access } from '../http/access.ts';
import { refusalOf, type SentRequest, sendRequest } from '../http/send-request.ts';
import { putFailure } from './put.ts';

export interface ChangeOptions {
  readonly url: URL;
  /** How long the server may neither take nor send a byte, in ms. */
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
}

interface Change extends Pick<SentRequest, 'method' | 'headers' | 'body'> {
  /** What statuses mean to a person. */
  readonly hints?: Readonly<Record<number, string>>;
}

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/**
 * @param judge gives what a status means; undefined for one that refuses
 * @throws HubswarmError ERR_REMOTE
 */
export async function askChange<T>(
  { url, stallMs, access, signal }: ChangeOptions,
  { hints, ...change }: Change,
  judge: (status: number) => T | undefined,
): Promise<T> {
  try {
    const request = { url, stallMs, access, signal, ...change, link: new Link() };
    const answer = await sendRequest(request);
    const meaning = judge(answer.status);
    if (meaning === undefined) throw refusalOf({ access }, answer, hints);
    return meaning;
  } catch (error) {
    throw putFailure(error, url, signal);
  }
}
