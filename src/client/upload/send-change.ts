// One request that changes a name on a server, or asks whether it would: what the callers beside have
// in common.
import { Link } from '../../link/link.ts';
import type { Access } from '../http/access.ts';
import { type SentAnswer, type SentRequest, sendRequest } from '../http/send-request.ts';
import { putFailure } from './put.ts';

export interface Target {
  readonly url: URL;
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
}

type Change = Pick<SentRequest, 'method' | 'headers' | 'body'>;

export const isDone = ({ status }: SentAnswer): boolean => status >= 200 && status < 300;

/** Sends it, and resolves to what `read` makes of the answer. @throws as putFile() does */
export async function sendChange<T>(
  target: Target,
  change: Change,
  read: (answer: SentAnswer) => T | Promise<T>,
): Promise<T> {
  const { url, stallMs, access, signal } = target;
  try {
    const link = new Link();
    return await read(await sendRequest({ url, stallMs, access, signal, link, ...change }));
  } catch (error) {
    throw putFailure(error, url, signal);
  }
}
