// A hub's notifications over a WebSocket.
import type { connect, Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Access } from '../http/access.ts';
import { connectTrusted } from '../http/open-socket.ts';
import {
  connectionFailure,
  onItsWay,
  SourceFailure,
  statusFailure,
} from '../http/source-failure.ts';
import { MAX_EVENT_BYTES, parseHubEvent } from './hub-event.ts';
import { type Channel, SILENCE_MS, withQuery } from './watch-channel.ts';

type ConnectionDone = (error: Error | null, socket: Socket) => void;

/** @throws SourceFailure always: a socket has no end of its own */
export function watchSocket(channel: Channel): Promise<never> {
  const { url, after, signal, access = new Access({ urls: [] }) } = channel;
  const authorization = access.authorization(url);
  const target = withQuery(url, { after });
  target.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  target.username = '';
  target.password = '';
  const socket = new WebSocket(target, {
    headers: authorization ? { authorization } : {},
    // The type wants a socket now; node:http accepts one later, as its documentation says.
    createConnection: ((_options: unknown, done: ConnectionDone) => {
      const trust = access.trust(url);
      const connection = { origin: url, trust, stallMs: SILENCE_MS, signal, tunnels: true };
      connectTrusted(connection, done);
    }) as unknown as typeof connect,
    maxPayload: MAX_EVENT_BYTES,
    handshakeTimeout: SILENCE_MS,
    perMessageDeflate: false,
  });
  return new Promise((_resolve, reject) => {
    // Errors may follow a terminate(); the first reason counts.
    const fail = (error: unknown): void => {
      reject(error);
      clearTimeout(silence);
      signal.removeEventListener('abort', leave);
      socket.terminate();
    };
    const leave = (): void => fail(signal.reason);
    const silence = setTimeout(() => {
      fail(new SourceFailure(`sent nothing for ${SILENCE_MS / 1000} s`));
    }, SILENCE_MS);
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    socket.on('error', (error) => {
      fail(onItsWay(connectionFailure(error), access.detour(url)));
    });
    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
      fail(statusFailure(statusCode, headers['retry-after']));
    });
    socket.on('ping', () => silence.refresh());
    socket.on('close', () => fail(new SourceFailure('connection closed')));
    socket.on('message', (data) => {
      silence.refresh();
      try {
        tell(channel, String(data));
      } catch (error) {
        fail(error);
      }
    });
  });
}

function tell(channel: Channel, text: string): void {
  const event = parseHubEvent(text);
  if (event.event !== 'subscribed') channel.handleEvent(event);
  if (event.id !== undefined) channel.handlePosition(event.id);
}
