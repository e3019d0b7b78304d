// Shares files and directories, and makes a link to each that can be passed on. The peer listens
// where others can reach it, since a link that leads to this machine alone is of use to nobody else.
import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import { nameFault } from '../../content/file-name.ts';
import { withSpooled } from '../../disk/file-system/spooled.ts';
import type { ShareOptions as PeerShareOptions } from '../../peer/import-shared.ts';
import type { Peer } from '../../peer/peer.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';
import type { Event } from '../../telemetry/event.ts';
import { linkTo } from '../links/link-to.ts';
import { ipfsLink } from '../links/share-link.ts';
import { giveByPhrase } from '../phrase/by-phrase.ts';
import { type PeerChoice, type Run, withPeer } from '../with-peer.ts';

export interface ShareOptions
  extends Omit<PeerChoice, 'mdns' | 'isOpen' | 'circle'>,
    Pick<PeerShareOptions, 'preserve' | 'links' | 'check' | 'onLeftOut'> {
  /** Files and directories. */
  readonly paths: readonly string[];
  /**
   * Whether it is closed to all but those who say a code phrase, and after how many of them it ends;
   * without it the phrase only stands for the link.
   */
  readonly closed?: { readonly receivers: number } | undefined;
  /** What is shared besides under a name of its own; it is read to its end first. */
  readonly input?: { readonly stream: NodeJS.ReadableStream; readonly name: string } | undefined;
}

/** A text as an input. */
export const textInput = (text: string): NodeJS.ReadableStream => Readable.from([text]);

/** @throws HubswarmError ERR_USAGE for a name that no receiver could use */
export function checkInputName(option: string, name: string): string {
  const fault = nameFault(name) ?? oddness(name);
  if (fault === undefined) return name;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${showText(name)}' ${fault}; give a plain name`,
  );
}

/** Why a person would not see the file, or not as it is named. */
function oddness(name: string): string | undefined {
  if (name.startsWith('.')) return 'would be hidden';
  return showText(name) === name ? undefined : 'has characters that are not seen';
}

/** Shares until the signal aborts. @throws HubswarmError */
export async function share(options: ShareOptions, run: Run): Promise<void> {
  const { input, paths } = options;
  if (!input) return sharePaths(options, paths, run);
  const spool = { input: input.stream, name: input.name, signal: run.signal };
  await withSpooled(spool, (path) => sharePaths(options, [...paths, path], run));
}

async function sharePaths(
  options: ShareOptions,
  paths: readonly string[],
  run: Run,
): Promise<void> {
  const { listen, joins, swarmKey, allowed, data, uplink, downlink, closed } = options;
  const circle = closed && new Set<string>();
  const hubs = (joins.hubs?.guides ?? []).map(({ hub }) => hub);
  const shared: Shared[] = [];
  let peer: Peer | undefined;
  const tell = (): void => {
    for (const each of shared) if (peer && !closed) tellLink(each, peer, hubs, run);
  };
  const emit = (event: Event): void => {
    // Nobody is waited for here: who has the link calls.
    if (event.event === 'peers_awaited' && event.lack !== 'answer') return;
    run.emit(closed && event.event === 'callers_decided' ? byPhrase(event) : event);
    if (event.event === 'listening') tell();
  };
  const entry = { joins, swarmKey, allowed };
  const reach = { mdns: true, isOpen: true, mapsPort: options.mapsPort, circle };
  const choice = { ...entry, ...reach, listen, data, uplink, downlink };
  await withPeer(choice, { ...run, emit }, async (started) => {
    peer = started;
    // It ends with the peer, and with nothing else.
    if (joins.through.length > 0) started.join(joins.through, run.signal).catch(() => {});
    try {
      for (const path of paths) {
        const { store, cid } = await started.share(path, { ...options, signal: run.signal });
        const bytes = store.manifest.geometry.totalLength;
        const name = basename(resolve(path));
        if (shared.some((other) => other.name === name && other.cid.equals(cid))) continue;
        shared.push({ cid, name, bytes, told: '' });
        tell();
      }
      const [only] = shared;
      if (!only || shared.length > 1) await untilAborted(run.signal);
      else await give(started, only, circle, closed?.receivers, run);
    } catch (error) {
      // Stopping is how it ends.
      if (!run.signal.aborted) throw error;
    }
  });
}

/** A closed share listens as an open one does, and is for others. */
const byPhrase = (event: Extract<Event, { event: 'callers_decided' }>): Event =>
  event.because === 'share' ? { ...event, because: 'phrase' } : event;

/**
 * Gives one thing by a code phrase. Without a circle it is shared with everybody all the same: then
 * it goes on when nobody may say the phrase any more.
 */
async function give(
  peer: Peer,
  { cid, name, bytes }: Shared,
  circle: Set<string> | undefined,
  receivers = Number.POSITIVE_INFINITY,
  { emit, signal }: Run,
): Promise<void> {
  const offer = { cid: cid.toString(), name, bytes };
  try {
    await giveByPhrase({ peer, circle: circle ?? new Set() }, offer, receivers, signal);
  } catch (error) {
    if (circle || signal.aborted) throw error;
    emit({ event: 'warned', message: `${describeError(error)}; the link holds` });
    await untilAborted(signal);
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

interface Shared {
  readonly cid: CID;
  readonly name: string;
  readonly bytes: number;
  /** The link that was told last. */
  told: string;
}

function tellLink(shared: Shared, { addresses }: Peer, hubs: readonly URL[], { emit }: Run): void {
  const { cid, name } = shared;
  const link = linkTo(shared, addresses, hubs);
  if (link === shared.told) return;
  shared.told = link;
  emit({ event: 'link_made', cid: cid.toString(), name, link, ipfs: ipfsLink(cid) });
}
