// One HTTP request to a router, by number, from the address that leads there: no redirect is
// followed, and no more is read than a router has to say.
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { abortable } from '../../runtime/abortable.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';

/** Descriptions of real routers have 2 to 20 KiB. Chosen. */
const MOST_BYTES = 64 * 1024;

interface Asked {
  readonly url: URL;
  /** Own address that is called from. */
  readonly from: string;
  /** Posted, with these headers; without it the URL is read. */
  readonly post?: { readonly body: string; readonly headers: Readonly<Record<string, string>> };
}

export interface RouterAnswer {
  readonly status: number;
  readonly body: string;
}

/** @param signal must have a limit. @throws HubswarmError ERR_REMOTE; the signal's reason */
export async function askRouter(
  { url, from, post }: Asked,
  signal: AbortSignal,
): Promise<RouterAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RouterAnswer>();
  const asked = request(url, {
    method: post ? 'POST' : 'GET',
    agent: false,
    localAddress: from,
    signal,
    maxHeaderSize: 16 * 1024,
    headers: { connection: 'close', ...post?.headers },
  });
  const fail = guarded('hearing of no router', () =>
    reject(signal.aborted ? signal.reason : new HubswarmError('ERR_REMOTE', 'no answer by HTTP')),
  );
  asked.on('error', fail);
  // An answer of status 101 is neither a response nor an error.
  const refuse = guarded('leaving a router', (_: IncomingMessage, socket: Duplex) => {
    socket.destroy();
    fail();
  });
  asked.on('upgrade', refuse);
  asked.on(
    'response',
    guarded('reading what a router says', (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      const take = guarded('reading what a router says', (part: Buffer) => {
        bytes += part.length;
        if (bytes <= MOST_BYTES) parts.push(part);
        else {
          reject(new HubswarmError('ERR_REMOTE', 'too long an answer'));
          asked.destroy();
        }
      });
      const end = guarded('reading what a router says', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
      response.on('error', fail);
      response.on('data', take);
      response.on('end', end);
    }),
  );
  asked.end(post?.body);
  return abortable(promise, signal);
}
