// Daemons of the built binary, and terminals that talk to them, on 127.0.0.1.
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Status, statusSchema } from '../../../src/daemon/status.ts';
import { type Running, run, start } from '../binary.ts';

/** A daemon of that data directory, which can be called by peers of this machine alone. */
export function daemonOf(data: string, ...args: string[]): Running {
  const alone = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns'];
  return start(['daemon', '--json', '--data', data, ...alone, ...args]);
}

export async function started(data: string, ...args: string[]): Promise<Running> {
  const daemon = daemonOf(data, ...args);
  await daemon.until('daemon_started');
  return daemon;
}

export const addressOf = async (peer: Running): Promise<string> =>
  (await peer.until('listening')).addresses[0]!;

export async function statusOf(data: string): Promise<Status> {
  const { stdout } = await run(['status', '--json', '--data', data]);
  return statusSchema.parse(JSON.parse(stdout));
}

/** Shares a path by another terminal; resolves to its CID. */
export async function shareBy(data: string, path: string): Promise<string> {
  const sharing = start(['share', '--json', '--data', data, path]);
  const { cid } = await sharing.until('link_made');
  if ((await sharing.exit) !== 0) throw new Error(sharing.stderr);
  return cid;
}

/** Fetches a CID as a peer of its own; resolves to the exit code. */
export function fetchFrom(from: string, cid: string, dir: string, name: string) {
  const data = ['--data', join(dir, `${name}-data`), '--out', join(dir, name)];
  const how = ['--linger', '0', '--timeout', '10'];
  return start(['peer', '--json', ...data, '--join', from, '--get', cid, ...how]).exit;
}

/** A terminal that says what it likes. */
export function dial(data: string): Socket {
  const socket = createConnection(join(data, 'daemon', 'socket'));
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** All that is answered, once the daemon hangs up. */
export async function heard(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
