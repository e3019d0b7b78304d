// Fetches from the swarm: through the addresses of links, or whoever is found without.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { type DownloadOptions, FileDownload } from '../../peer/file-download.ts';
import type { Peer } from '../../peer/peer.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Policy } from '../../swarm/policy.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Callable } from '../links/callable.ts';
import { type Run, withPeer } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import { InOrder } from './in-order.ts';
import { selectionOf } from './selection.ts';
import type { Way } from './way.ts';

type Content = Extract<Way, { kind: 'content' }>;

/** Ends when it is complete, and those can do without it that it served. */
export async function getFromSwarm(way: Content, options: GetOptions, run: Run): Promise<void> {
  if (options.out === '-') return streamFromSwarm(way, options, run);
  await joined(way.callable, options, run, async (peer) => {
    const { wants } = options;
    const cid = wants
      ? await fetchSelected(peer, way, { ...options, wants }, run)
      : await fetch(peer, way, downloadOf(way, options, run));
    await linger(peer, cid, options, run);
  });
}

/** What is found of it, without its content. @throws HubswarmError ERR_TIMEOUT, ERR_NOT_FOUND */
export function findInSwarm(
  way: Content,
  options: Reach & { readonly timeoutMs: number },
  run: Run,
): Promise<Found> {
  return joined(way.callable, options, run, (peer) => find(peer, way, options.timeoutMs, run));
}

type Found = Awaited<ReturnType<FileDownload['find']>>;

async function find(
  peer: Peer,
  { target }: Content,
  timeoutMs: number,
  { emit, signal }: Run,
): Promise<Found> {
  const { cid, path } = target;
  const search = new FileDownload(peer, cid, { out: '.', force: false, path, timeoutMs, signal });
  const warn = (message: string): void => emit({ event: 'warned', message });
  const limitMs = Number.isFinite(timeoutMs) ? timeoutMs : undefined;
  return attempt([signal], limitMs, (within) =>
    search
      .find(within, () => {}, warn)
      .catch((error: unknown) => {
        if (!within.aborted || signal.aborted) throw error;
        const message = `nobody found within ${timeoutMs / 1000} s who knows ${cid}`;
        throw new HubswarmError('ERR_TIMEOUT', message);
      }),
  );
}

function downloadOf({ target }: Content, options: GetOptions, { signal }: Run): DownloadOptions {
  const { out, force, timeoutMs = Number.POSITIVE_INFINITY } = options;
  return { out, force, path: target.path, timeoutMs, signal };
}

/** @returns the CID of what was fetched: of what the path leads to */
async function fetch(peer: Peer, { target }: Content, download: DownloadOptions): Promise<CID> {
  let { cid } = target;
  const onFound = (found: CID): void => {
    cid = found;
  };
  await peer.get(target.cid, { ...download, onFound });
  return cid;
}

/** Fetches some files of a directory, each to the place that it has in the whole. */
async function fetchSelected(
  peer: Peer,
  way: Content,
  options: GetOptions & { readonly wants: (path: string) => boolean },
  run: Run,
): Promise<CID> {
  const { out, wants, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { cid, path = '' } = way.target;
  const { manifest, name } = await find(peer, way, timeoutMs, run);
  if (manifest.kind === 'file') {
    throw new HubswarmError('ERR_USAGE', `--select: ${cid} is a file; leave --select out`);
  }
  for (const selected of selectionOf(manifest, wants)) {
    const target = { cid, path: [path, selected].filter((each) => each !== '').join('/') };
    const place = selected === '' ? out : join(out, name, dirname(selected));
    await fetch(
      peer,
      { ...way, target },
      { ...downloadOf({ ...way, target }, options, run), out: place },
    );
  }
  return manifest.root;
}

/** Fetches in order, into a temporary directory, and writes what is there. */
async function streamFromSwarm(way: Content, options: GetOptions, run: Run): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), 'hubswarm-'));
  const order = new InOrder();
  const emit = (event: Event): void => {
    run.emit(event.event === 'transfer_completed' ? { ...event, path: '-' } : event);
    order.hear(event);
  };
  const policy = { picker: 'sequential' } as const;
  try {
    await joined(way.callable, { ...options, policy }, { ...run, emit }, async (peer) => {
      const stop = new AbortController();
      const [fetched, written] = await attempt([run.signal, stop.signal], undefined, (signal) => {
        const download = { ...downloadOf(way, options, run), out, signal, onOpened: order.open };
        // The failure of one ends the other.
        const ended = <T>(work: Promise<T>): Promise<T> =>
          work.catch((error: unknown) => {
            stop.abort(error);
            throw error;
          });
        const both = [
          ended(fetch(peer, way, download)),
          ended(order.writeTo(options.stdout, signal)),
        ];
        return Promise.allSettled(both);
      });
      for (const each of [fetched, written]) {
        if (each?.status === 'rejected')
          throw stop.signal.aborted ? stop.signal.reason : each.reason;
      }
    });
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function linger(
  peer: Peer,
  cid: CID,
  { lingerMs }: GetOptions,
  { emit, signal }: Run,
): Promise<void> {
  try {
    if (lingerMs > 0) {
      emit({ event: 'seeding_started', cid: cid.toString() });
      await delay(lingerMs, undefined, { signal });
    }
    await peer.part(cid, signal);
  } catch (error) {
    // Whoever ends it now has what was fetched.
    if (!signal.aborted) throw error;
  }
}

/** What decides whom a peer finds. */
type Reach = Pick<GetOptions, 'joins' | 'data' | 'uplink' | 'downlink'> & {
  readonly policy?: Policy;
};

/** A peer that has begun to join. Without an address it looks on this machine and on the LAN. */
async function joined<T>(
  { addresses, passedOver }: Callable,
  { joins: given, ...choice }: Reach,
  run: Run,
  use: (peer: Peer) => Promise<T>,
): Promise<T> {
  for (const address of passedOver) {
    const message = `the link names ${address}, which is not called: a link comes from anybody; --join names it`;
    run.emit({ event: 'warned', message });
  }
  const joins = [...given, ...addresses];
  const emit = (event: Event): void => {
    // The LAN is asked too, and has a line of its own.
    if (event.event !== 'peers_awaited' || event.lack !== 'known') run.emit(event);
  };
  const { data, uplink, downlink, policy } = choice;
  const mdns = joins.length === 0;
  return withPeer({ data, uplink, downlink, policy, joins, mdns }, { ...run, emit }, (peer) => {
    // It ends with the peer, and with nothing else.
    peer.join(joins, run.signal).catch(() => {});
    return use(peer);
  });
}
