// Notifications over a WebSocket (RFC 6455) at /events: one JSON text for each message, first
// { "event": "subscribed", "id": where the subscriber is }
// Nothing is accepted from the client but pongs. A browser sends cookies and reaches its own
// network for any page's script, so a page of another origin is refused unless it was allowed. A
// client that does not read, or answers no ping, is cut.
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Backlogs, Reader } from '../../hub/feed/backlogs.ts';
import { readable } from '../../hub/feed/event-filter.ts';
import type { Message } from '../../hub/feed/feed.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { targetQuery } from '../message/request-path.ts';
import type { EventsHub } from './events-hub.ts';
import { parseFilter } from './events-query.ts';
import { afterOf } from './events-route.ts';

/** Longest message of a client, which has nothing to say. */
const MAX_PAYLOAD_BYTES = 1024;
/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

const webSockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: MAX_PAYLOAD_BYTES,
  perMessageDeflate: false,
  // keepAlive() answers pings.
  autoPong: false,
});

/** @throws Refusal, HttpFailure 400, 403, all before the protocol is switched */
export async function answerWebSocket(
  hub: EventsHub,
  conversation: Conversation,
  { socket, head }: { socket: Duplex; head: Buffer },
): Promise<void> {
  const { events, access } = hub;
  const { req, res } = conversation;
  const letsPage = (origin: string): boolean => access.pages.lets(origin);
  if (!mayConnect(req.headers.origin, req.headers.host, letsPage)) {
    throw new HttpFailure(403, 'pages of this origin may not connect');
  }
  const query = targetQuery(req.url ?? '');
  const filter = readable(access, conversation.caller, parseFilter(query));
  let open: WebSocket | undefined;
  const reader: Reader = {
    unreadBytes: () => open?.bufferedAmount ?? 0,
    cut: () => open?.terminate(),
  };
  const early: Message[] = [];
  const send = (webSocket: WebSocket, text: string): void => {
    conversation.bytes += Buffer.byteLength(text);
    webSocket.send(text);
    events.backlogs.handleWrite(reader);
  };
  const subscription = await events.subscribe(afterOf(query), {
    from: conversation.caller.user,
    filter,
    deliver: (message) => (open ? send(open, message.json) : early.push(message)),
    end: () => open?.close(GOING_AWAY),
  });
  if (socket.destroyed) return subscription.close();
  res.detachSocket(req.socket);
  res.statusCode = 101;
  const leave = guarded('ending a WebSocket', () => {
    events.backlogs.forget(reader);
    subscription.close();
    // Tells the response that the request is over: the socket no longer belongs to it.
    res.emit('close');
  });
  socket.once('close', leave);
  const begin = (webSocket: WebSocket): void => {
    // The 'close' that follows does the rest.
    webSocket.on('error', () => undefined);
    open = webSocket;
    for (const { json } of [...subscription.missed, ...early]) send(webSocket, json);
    send(webSocket, JSON.stringify({ event: 'subscribed', id: subscription.position }));
    keepAlive(webSocket, events, reader, () => access.holds(conversation.caller));
  };
  const cut = (): void => void socket.destroy();
  webSockets.handleUpgrade(req, socket, head, guarded('beginning a WebSocket', begin, cut));
}

function keepAlive(
  webSocket: WebSocket,
  { backlogs, heartbeatMs }: { readonly backlogs: Backlogs; readonly heartbeatMs: number },
  reader: Reader,
  holds: () => boolean,
): void {
  let alive = true;
  // Our pongs wait in memory if the client does not read.
  const handlePing = guarded('answering a ping', (payload: Buffer) => {
    webSocket.pong(payload);
    backlogs.handleWrite(reader);
  });
  webSocket.on('ping', handlePing);
  const handlePong = guarded('hearing a pong', () => {
    alive = true;
  });
  webSocket.on('pong', handlePong);
  const beat = guarded('a ping', () => {
    if (!alive) return webSocket.terminate();
    // The caller's token is no longer valid: it must come with another.
    if (!holds()) return webSocket.close(POLICY_VIOLATION);
    alive = false;
    webSocket.ping();
  });
  const timer = setInterval(beat, heartbeatMs);
  webSocket.once('close', () => clearInterval(timer));
}

/**
 * Whether a page may connect. Programs send no Origin. A page's host and port must be the hub's;
 * the scheme may differ.
 */
export function mayConnect(
  origin: string | undefined,
  host: string | undefined,
  letsPage: (origin: string) => boolean,
): boolean {
  if (origin === undefined || letsPage(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
