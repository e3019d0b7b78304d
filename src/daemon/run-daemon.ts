// A peer that goes on for days: it shares what it shared before, and does what other terminals of its
// user tell it. Order at the start: the directory is taken, the list read, the peer started (from then
// on it serves), the socket opened. At the end the other way round.
import { once } from 'node:events';
import { type PeerChoice, type Run, withPeer } from '../hybrid/with-peer.ts';
import type { Peer } from '../peer/peer.ts';
import { systemClock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Event } from '../telemetry/event.ts';
import { obey } from './commands.ts';
import { ControlSocket } from './control-socket.ts';
import type { Limits } from './limits.ts';
import { takePlace } from './place.ts';
import { Shares } from './shares.ts';
import { Transfers } from './transfers.ts';
import { View } from './view.ts';

export interface DaemonOptions {
  readonly version: string;
  readonly dataDir: string;
  /** What it is underneath. */
  readonly peer: Omit<PeerChoice, 'other' | 'onSent' | 'data'>;
  /** Absolute paths that are shared from now on, beside those of the list. */
  readonly paths: readonly string[];
  readonly limits: Limits;
}

/** Goes on until the signal aborts. @throws HubswarmError if it cannot begin */
export async function runDaemon(options: DaemonOptions, run: Run): Promise<void> {
  const { dataDir, limits } = options;
  const warn = (message: string): void => run.emit({ event: 'warned', message });
  const place = await takePlace(dataDir, warn);
  try {
    const { emit } = run;
    const shares = await Shares.open({ path: place.list, limits, clock: systemClock, emit });
    try {
      const { served: other, noteSent: onSent } = shares;
      const choice = { ...options.peer, data: dataDir, other, onSent };
      // Nobody is waited for: who is not there yet finds what is shared later.
      const told = (event: Event): void => {
        if (event.event !== 'peers_awaited' || event.lack === 'answer') emit(event);
      };
      await withPeer(choice, { ...run, emit: told }, (peer) =>
        serve(peer, shares, options, place.socket, run),
      );
    } finally {
      await shares.close();
    }
  } finally {
    await place.release();
  }
}

async function serve(
  peer: Peer,
  shares: Shares,
  options: DaemonOptions,
  path: string,
  run: Run,
): Promise<void> {
  const { emit, signal } = run;
  shares.begin(peer);
  // It ends with the peer, and with nothing else.
  const { joins, swarmKey } = options.peer;
  peer.join(joins.through, signal).catch(() => {});
  const transfers = new Transfers(peer, shares);
  const isPrivate = swarmKey !== undefined;
  const hubs = (joins.hubs?.guides ?? []).map(({ hub }) => hub);
  const view = new View({ ...options, isPrivate, peer, shares, transfers });
  const commanded = { peer, hubs, shares, transfers, view };
  const socket = await ControlSocket.open(path, systemClock, (line, answer) =>
    obey(line, answer, commanded),
  );
  emit({ event: 'daemon_started', socket: path });
  try {
    await shareAll(shares, options.paths, run);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await socket.close();
    view.close();
  }
}

/** What cannot be shared is told, and ends nothing: the others are served. */
async function shareAll(shares: Shares, paths: readonly string[], run: Run): Promise<void> {
  for (const path of paths) {
    try {
      await shares.share(path, { signal: run.signal }, run.emit);
    } catch (error) {
      if (run.signal.aborted) return;
      run.emit({ event: 'warned', message: `not shared: ${describeError(error)}` });
    }
  }
}
