// `put -r` to a hub that dies midway: it waits for it as a single large `put` does, and says the right
// words when it stays away.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startHub, tempRoot } from '../../server/hub.ts';

const FILES = 60;

/** A way to the hub that can be cut. */
async function startWay(port: number) {
  const sockets = new Set<Socket>();
  const way = { isCut: false, cut: (): void => undefined };
  const server = createServer((socket) => {
    if (way.isCut) return void socket.resetAndDestroy();
    const onward = connect(port, '127.0.0.1');
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => undefined);
      each.on('close', () => sockets.delete(each));
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  way.cut = () => {
    way.isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(() => {
    way.cut();
    server.close();
  });
  return {
    way,
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/files/d/`),
  };
}

async function start(stallMs: number) {
  const hub = await startHub({ writable: true });
  const { way, url } = await startWay(hub.port);
  const path = await tempRoot();
  for (let i = 0; i < FILES; i++) await writeFile(join(path, `f${i}`), `text ${i}`);
  await mkdir(join(path, 'empty'));
  const events: Event[] = [];
  let sent = 0;
  const done = putDirectory({
    path,
    url,
    remove: false,
    stallMs,
    access: new Access({ urls: [url] }),
    emit: (event) => {
      events.push(event);
      // Progress is told now and then; the first word of it is early enough.
      if (event.event === 'transfer_progressed' && sent++ === 0) way.cut();
    },
    signal: new AbortController().signal,
  });
  const reasons = () => events.flatMap((e) => (e.event === 'source_failed' ? [e.reason] : []));
  return { hub, way, done, events, reasons };
}

describe('put -r to a hub that dies midway', () => {
  it('goes on when it is back', async () => {
    const { hub, way, done, events, reasons } = await start(30_000);
    const isRetrying = () => events.some(({ event }) => event === 'source_retried');
    await expect.poll(isRetrying, { timeout: 20_000 }).toBe(true);
    way.isCut = false;
    expect(await done).toMatchObject({ sent: FILES });
    expect(await readdir(join(hub.root, 'd'))).toHaveLength(FILES + 1);
    for (const reason of reasons()) expect(reason).not.toContain('TLS');
  }, 60_000);

  it('says what happened when it stays away', async () => {
    const { done } = await start(700);
    const error = await done.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(/: connection (reset|closed)/);
    expect(error?.message).not.toContain('TLS');
  }, 60_000);
});
