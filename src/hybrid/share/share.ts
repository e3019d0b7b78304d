// Shares files and directories, and makes a link to each that can be passed on. The peer listens
// where others can reach it, since a link that leads to this machine alone is of use to nobody else.
import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import { nameFault } from '../../content/file-name.ts';
import { withSpooled } from '../../disk/spooled.ts';
import type { ShareOptions as PeerShareOptions } from '../../peer/import-shared.ts';
import type { Peer } from '../../peer/peer.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Event } from '../../telemetry/event.ts';
import { linkTo } from '../links/link-to.ts';
import { ipfsLink } from '../links/share-link.ts';
import { type PeerChoice, type Run, withPeer } from '../with-peer.ts';

export interface ShareOptions
  extends Omit<PeerChoice, 'mdns' | 'isOpen'>,
    Pick<PeerShareOptions, 'preserve' | 'links' | 'check' | 'onLeftOut'> {
  /** Files and directories. */
  readonly paths: readonly string[];
  /** What is shared besides under a name of its own; it is read to its end first. */
  readonly input?: { readonly stream: NodeJS.ReadableStream; readonly name: string } | undefined;
}

/** A text as an input. */
export const textInput = (text: string): NodeJS.ReadableStream => Readable.from([text]);

/** @throws HubswarmError ERR_USAGE for a name that no receiver could use */
export function checkInputName(option: string, name: string): string {
  const fault = name.startsWith('.') ? 'would be hidden' : nameFault(name);
  if (fault === undefined) return name;
  throw new HubswarmError('ERR_USAGE', `${option}: '${name}' ${fault}; give a plain name`);
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
  const { listen, joins, data, uplink, downlink } = options;
  const shared: Shared[] = [];
  let peer: Peer | undefined;
  const tell = (): void => {
    for (const each of shared) if (peer) tellLink(each, peer, run);
  };
  const emit = (event: Event): void => {
    // Nobody is waited for here: who has the link calls.
    if (event.event === 'peers_awaited' && event.lack !== 'answer') return;
    run.emit(event);
    if (event.event === 'listening') tell();
  };
  const choice = { listen, joins, data, uplink, downlink, mdns: true, isOpen: true };
  await withPeer(choice, { ...run, emit }, async (started) => {
    peer = started;
    // It ends with the peer, and with nothing else.
    if (joins.length > 0) started.join(joins, run.signal).catch(() => {});
    try {
      for (const path of paths) {
        const { store, cid } = await started.share(path, { ...options, signal: run.signal });
        const bytes = store.manifest.geometry.totalLength;
        shared.push({ cid, name: basename(resolve(path)), bytes, told: '' });
        tell();
      }
      if (!run.signal.aborted) await once(run.signal, 'abort');
    } catch (error) {
      // Stopping is how it ends.
      if (!run.signal.aborted) throw error;
    }
  });
}

interface Shared {
  readonly cid: CID;
  readonly name: string;
  readonly bytes: number;
  /** The link that was told last. */
  told: string;
}

function tellLink(shared: Shared, { addresses }: Peer, { emit }: Run): void {
  const { cid, name } = shared;
  const link = linkTo(shared, addresses);
  if (link === shared.told) return;
  shared.told = link;
  emit({ event: 'link_made', cid: cid.toString(), name, link, ipfs: ipfsLink(cid) });
}
