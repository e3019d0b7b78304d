// Who does not read what it subscribed to costs a bounded buffer, and nobody else anything.
import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Access } from '../../../src/hub/access/access.ts';
import { Catalogue } from '../../../src/hub/catalogue/catalogue.ts';
import { HubEvents } from '../../../src/hub/feed/hub-events.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import { Conversation } from '../../../src/server/conversation/conversation.ts';
import { Traffic } from '../../../src/server/conversation/traffic.ts';
import { answerEvents } from '../../../src/server/events/events-route.ts';
import { TransferWatch } from '../../../src/server/events/transfer-watch.ts';
import { answerWebSocket } from '../../../src/server/events/web-socket.ts';
import { tempRoot } from '../hub.ts';

/** The routes of events alone, so that events can be made by the thousand. */
async function startEvents(): Promise<{ events: HubEvents; port: number }> {
  const root = await DiskRoot.at(await tempRoot());
  const traffic = new Traffic({ detailed: false, headersWithinMs: 5000 });
  const hub = { emit: () => undefined, stallMs: 30_000, traffic };
  const catalogue = new Catalogue({ root, signal: new AbortController().signal });
  const transfers = new TransferWatch(traffic);
  const { emit } = hub;
  const events = new HubEvents({ root, catalogue, transfers, emit, maxSubscribers: 9 }, {});
  const access = await Access.open({}, { host: '127.0.0.1', writable: false, tls: 'none', emit });
  const routes = { events, access };
  const server = createServer(
    (req, res) => void answerEvents(routes, new Conversation(req, res, hub)),
  );
  server.on('upgrade', (req, socket, head) => {
    // As upgrade.ts makes it.
    const res = new ServerResponse(req);
    res.assignSocket(req.socket);
    void answerWebSocket(routes, new Conversation(req, res, hub), { socket, head });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    events.end();
    server.closeAllConnections();
    server.close();
  });
  return { events, port: (server.address() as AddressInfo).port };
}

/** Far more than the sockets of both sides and the backlog hold. */
function publishMany({ feed }: HubEvents): void {
  const path = `/${'n'.repeat(3000)}`;
  for (let i = 0; i < 10_000; i++) feed.publish({ event: 'file_deleted', path, url: '/files/n' });
}

describe('a subscriber that does not read', () => {
  it('loses its stream', async () => {
    const { events, port } = await startEvents();
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.pause();
    expect(events.feed.subscribers).toBe(1);
    publishMany(events);
    await expect.poll(() => events.feed.subscribers).toBe(0);
  });

  it('loses its WebSocket', async () => {
    const { events, port } = await startEvents();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/events`);
    socket.on('error', () => undefined);
    onTestFinished(() => socket.terminate());
    await once(socket, 'message');
    socket.pause();
    expect(events.feed.subscribers).toBe(1);
    publishMany(events);
    await expect.poll(() => events.feed.subscribers).toBe(0);
  });
});
