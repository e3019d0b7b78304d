// Fetches from the swarm: through the addresses of links, or whoever is found without.
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { withTemporaryDirectory } from '../../disk/file-system/temporary-directory.ts';
import { type DownloadOptions, FileDownload } from '../../peer/file-download.ts';
import type { Peer } from '../../peer/peer.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Run } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import { InOrder } from './in-order.ts';
import { joined, type Reach, type Sought } from './joined.ts';
import { selectionOf } from './selection.ts';
import type { SwarmWay } from './way.ts';

/** Ends when it is complete, and those can do without it that it served. */
export async function getFromSwarm(way: SwarmWay, options: GetOptions, run: Run): Promise<void> {
  if (options.out === '-') return streamFromSwarm(way, options, run);
  await joined(way, options, byLink(options, run), async (peer, sought) => {
    const { wants } = options;
    const cid = wants
      ? await fetchSelected(peer, sought, { ...options, wants }, run)
      : await fetch(peer, sought, downloadOf(sought, options, run));
    await linger(peer, cid, options, run);
  });
}

/** What is found of it, without its content. @throws HubswarmError ERR_TIMEOUT, ERR_NOT_FOUND */
export function findInSwarm(
  way: Extract<SwarmWay, { kind: 'content' }>,
  options: Reach & { readonly timeoutMs: number },
  run: Run,
): Promise<Found> {
  return joined(way, options, byLink(options, run), (peer, sought) =>
    find(peer, sought, options.timeoutMs, run),
  );
}

/** Where no --join was given, what leads beyond this machine is the link, or that it looks on the LAN. */
function byLink({ joins: { through } }: Reach, run: Run): Run {
  const emit = (event: Event): void => {
    if (event.event !== 'callers_decided') return run.emit(event);
    const { because } = event;
    if (because === 'mdns') return run.emit({ ...event, because: 'lan' });
    const isOfLink = because === 'join' && through.length === 0;
    run.emit(isOfLink ? { ...event, because: 'link' } : event);
  };
  return { ...run, emit };
}

type Found = Awaited<ReturnType<FileDownload['find']>>;

async function find(
  peer: Peer,
  { target, others }: Sought,
  timeoutMs: number,
  { emit, signal }: Run,
): Promise<Found> {
  const { cid, path } = target;
  const nowhere = { out: '.', force: false };
  const search = new FileDownload(peer, cid, { ...nowhere, path, others, timeoutMs, signal });
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

function downloadOf(sought: Sought, options: GetOptions, { signal }: Run): DownloadOptions {
  const { out, force, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { target, others } = sought;
  return { out, force, path: target.path, others, timeoutMs, signal };
}

/** @returns the CID of what was fetched: of what the path leads to */
async function fetch(peer: Peer, { target }: Sought, download: DownloadOptions): Promise<CID> {
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
  sought: Sought,
  options: GetOptions & { readonly wants: (path: string) => boolean },
  run: Run,
): Promise<CID> {
  const { out, wants, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { cid, path = '' } = sought.target;
  const { manifest, name } = await find(peer, sought, timeoutMs, run);
  if (manifest.kind === 'file') {
    throw new HubswarmError('ERR_USAGE', `--select: ${cid} is a file; leave --select out`);
  }
  for (const selected of selectionOf(manifest, wants)) {
    const target = { cid, path: [path, selected].filter((each) => each !== '').join('/') };
    const place = selected === '' ? out : join(out, name, dirname(selected));
    const part = { ...sought, target };
    await fetch(peer, part, { ...downloadOf(part, options, run), out: place });
  }
  return manifest.root;
}

/** Fetches in order, into a temporary directory, and writes what is there. */
async function streamFromSwarm(way: SwarmWay, options: GetOptions, run: Run): Promise<void> {
  const order = new InOrder();
  const emit = (event: Event): void => {
    run.emit(event.event === 'transfer_completed' ? { ...event, path: '-' } : event);
    order.hear(event);
  };
  const reach = { ...options, policy: { picker: 'sequential' } as const };
  await withTemporaryDirectory((out) =>
    joined(way, reach, byLink(options, { ...run, emit }), async (peer, sought) => {
      const stop = new AbortController();
      const [fetched, written] = await attempt([run.signal, stop.signal], undefined, (signal) => {
        const download = {
          ...downloadOf(sought, options, run),
          out,
          signal,
          onOpened: order.open,
        };
        // The failure of one ends the other.
        const ended = <T>(work: Promise<T>): Promise<T> =>
          work.catch((error: unknown) => {
            stop.abort(error);
            throw error;
          });
        const both = [
          ended(fetch(peer, sought, download)),
          ended(order.writeTo(options.stdout, signal)),
        ];
        return Promise.allSettled(both);
      });
      for (const each of [fetched, written]) {
        if (each?.status === 'rejected')
          throw stop.signal.aborted ? stop.signal.reason : each.reason;
      }
    }),
  );
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
