// Mirrors a hub's directory, and all below it, into a local one. Here is what the transfer as a
// whole uses (link, connections, events); tree-mirror.ts makes the mirror.
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { LocalDirectory } from '../../disk/local-directory.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { TransferEvents } from '../mirrors/transfer-events.ts';
import { readRemoteTree } from './remote/remote-tree.ts';
import { selectTree } from './select-tree.ts';
import { type GetTreeOptions, TreeMirror, type TreeMirrorParts } from './tree-mirror.ts';
import { TreeRecord } from './tree-record.ts';

/** @throws HubswarmError; complete files stay, and the next call goes on there */
export async function getTree(options: GetTreeOptions): Promise<void> {
  const link = new ProcessLink(options.emit, options);
  const http = new HttpClient({ stallMs: options.timeoutMs, access: options.access });
  // Each file under way listens to it.
  setMaxListeners(0, options.signal);
  const events = new TransferEvents(options.url.pathname, options.emit, systemClock);
  try {
    await mirrorTree(options, { http, link }, events);
  } catch (error) {
    const reason = reasonOf(options, error);
    events.fail(reason);
    throw reason;
  } finally {
    http.close();
    link.close();
  }
}

async function mirrorTree(
  options: GetTreeOptions,
  shared: TreeMirrorParts['shared'],
  events: TransferEvents,
): Promise<void> {
  const root = new URL(options.url);
  if (!root.pathname.endsWith('/')) root.pathname += '/';
  const listed = await readRemoteTree({ ...options, http: shared.http }, root);
  const tree = options.select ? selectTree(listed, options.select) : listed;
  const local = await LocalDirectory.make(resolve(options.directory));
  try {
    const record = await TreeRecord.read(local);
    await new TreeMirror({ options, shared, events, tree, listed, local, record }).run();
  } finally {
    await local.close();
  }
}

function reasonOf({ signal, url }: GetTreeOptions, error: unknown): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof SourceFailure)) return error;
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${error.message}`, { cause: error });
}
