// Requests that ask for another protocol. A WebSocket at /events goes through the same door as a
// request: a Conversation, admission, refusals as HTTP answers. A wish for any other protocol is
// ignored, as RFC 9110 section 7.8 allows (curl --http2 asks for h2c with each first request). By
// then Node.js has taken the request for an upgrade, so it is given back to the server without that
// header.
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { guarded } from '../../runtime/guarded.ts';
import { Conversation } from '../conversation/conversation.ts';
import { isEventsTarget } from '../events/events-route.ts';
import { answerWebSocket } from '../events/web-socket.ts';
import { enter } from './door.ts';
import type { Hub } from './hub.ts';

/** Node.js 26 hands a request over without its body, which then cannot be given back. */
const KEEPS_BODIES = Number(process.versions.node.split('.')[0]) >= 25;

/**
 * Node.js from 22.21 and 24.9 on asks this of each wish. A refused wish stays a plain request, but
 * Node.js loses what came with it for the next request: so only those with a body are refused.
 */
export function createUpgradeChoice(hub: Hub) {
  return (req: IncomingMessage): boolean => !losesNext(req) || isForEvents(hub, req);
}

const losesNext = (req: IncomingMessage): boolean =>
  KEEPS_BODIES && req.headers.upgrade !== undefined && hasBody(req);

/**
 * Ends the connection with this answer if Node.js may have lost a request behind it: so the client
 * knows that no other answer comes, and asks anew (RFC 9112 section 9.3.2). Nothing is lost if no
 * more bytes came than those of this request, as of a client that waits for its answer.
 */
export function endIfNextIsLost(req: IncomingMessage, res: ServerResponse): void {
  if (!losesNext(req)) return;
  const { shouldKeepAlive } = res;
  const length = lengthOf(req);
  res.shouldKeepAlive = false;
  const goOn = guarded('ending a body', () => {
    if (req.socket.bytesRead === length) res.shouldKeepAlive = shouldKeepAlive;
  });
  req.once('end', goOn);
}

/** Bytes of a request as clients write it; NaN with chunks, whose frames are not known here. */
function lengthOf({ method, url, httpVersion, rawHeaders, headers }: IncomingMessage): number {
  const line = `${method} ${url} HTTP/${httpVersion}\r\n`;
  // ': ' behind a name, and CR LF behind a value.
  const fields = rawHeaders.reduce((sum, { length }) => sum + length + 2, '\r\n'.length);
  return line.length + fields + Number(headers['content-length']);
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** @param server gets back the requests that ask for another protocol, also over TLS */
export function createUpgradeListener(hub: Hub, server: Server) {
  return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    hub.traffic.pipelines.leave(socket);
    const begin = (): void => {
      // The answer must wait for the answer to the request before it.
      const before = hub.traffic.answering(socket);
      if (before) before.res.once('finish', answer);
      else if (!socket.writable) socket.destroy();
      else if (isForEvents(hub, req)) handleWebSocket(hub, req, socket as Socket, head);
      else giveBack(server, req, socket, head);
    };
    const answer = guarded('answering an upgrade', begin, () => socket.destroy());
    answer();
  };
}

/**
 * Whether a request asks for notifications. An edge has none of its own, and tells where they are.
 */
const isForEvents = (hub: Hub, req: IncomingMessage): boolean =>
  !hub.intermediary && isWebSocket(req, hub.address.inner(req.url ?? ''));

function isWebSocket(
  { method, headers, httpVersionMinor }: IncomingMessage,
  target: string,
): boolean {
  // RFC 9110 section 7.8: in HTTP/1.0 it must be ignored.
  const wished = httpVersionMinor > 0 && (headers.upgrade ?? '').toLowerCase() === 'websocket';
  return wished && method === 'GET' && isEventsTarget(target);
}

function handleWebSocket(hub: Hub, req: IncomingMessage, socket: Socket, head: Buffer): void {
  req.url = hub.address.inner(req.url ?? '');
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once(
    'finish',
    guarded('ending a refused upgrade', () => socket.end()),
  );
  const conversation = new Conversation(req, res, hub);
  enter(hub, conversation, () => answerWebSocket(hub, conversation, { socket, head }));
}

/** Connection options that make a wish. `close` beside them is none, and stays. */
const WISH = new Set(['upgrade', 'http2-settings']);

/** Most requests given back for each connection. Clients wish only with their first. Chosen. */
const MOST_GIVEN_BACK = 8;
/** Number of requests given back, by connection. */
const given = new WeakMap<Duplex, number>();

function giveBack(server: Server, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = req;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = rawHeaders[i + 1]!;
    if (WISH.has(name)) continue;
    text += `${name}: ${name === 'connection' ? withoutWish(value) : value}\r\n`;
  }
  // Each one costs a parser and listeners, which stay as long as the connection.
  const count = (given.get(socket) ?? 0) + 1;
  given.set(socket, count);
  if (count >= MOST_GIVEN_BACK) text += 'connection: close\r\n';
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}

function withoutWish(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !WISH.has(option.toLowerCase())).join(', ');
}
