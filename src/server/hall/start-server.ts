// The hub as a running process: opens the port and the parts behind it, over a root that is handed
// in, and ends in order. If a part cannot be used, startServer() throws one HubswarmError before it
// serves anything. It decides nothing about single requests.
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { Access } from '../../hub/access/access.ts';
import { Catalogue } from '../../hub/catalogue/catalogue.ts';
import { CatalogueStore } from '../../hub/catalogue/catalogue-store.ts';
import { warmUp } from '../../hub/catalogue/warm-up.ts';
import { type EventsOptions, HubEvents } from '../../hub/feed/hub-events.ts';
import type { Intermediary } from '../../hub/intermediary/intermediary.ts';
import type { HubSwarm, SwarmContext } from '../../hub/swarm/hub-swarm.ts';
import { type UploadOptions, Uploads } from '../../hub/uploads/uploads.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import { Admission, type AdmissionOptions } from '../access/admission.ts';
import { OwnAddress } from '../access/own-address.ts';
import { answerParseFailures } from '../conversation/parse-failure.ts';
import { isEventsTarget } from '../events/events-route.ts';
import { TransferWatch } from '../events/transfer-watch.ts';
import { createLimitedServer } from '../operations/connections.ts';
import { drain } from '../operations/drain.ts';
import { Health } from '../operations/health.ts';
import { Operations, type OperationsOptions } from '../operations/operations.ts';
import { loadCertificate, secureContext, type TlsOptions } from '../tls/tls.ts';
import { createListener } from './app.ts';
import { gaugesOf } from './gauges.ts';
import type { Hub } from './hub.ts';
import { listen } from './listen.ts';
import { createRepresentations, type RepresentationOptions } from './representations.ts';
import { createUpgradeChoice, createUpgradeListener } from './upgrade.ts';

export interface ServerOptions {
  readonly root: Root;
  readonly host: string;
  /** The port; 0 for any free port. */
  readonly port: number;
  /** The link of the process. The caller closes it after the server has stopped. */
  readonly link: Link;
  /** Length of every piece; chosen from each file's size if left out. */
  readonly pieceLength?: number | undefined;
  /** Directory in which digests are kept between runs; none are kept if left out. */
  readonly catalogueDirectory?: string | undefined;
  readonly writable: boolean;
  readonly access?: AdmissionOptions | undefined;
  /** TLS; plain HTTP if left out. */
  readonly tls?: TlsOptions | undefined;
  readonly uploads?: UploadOptions | undefined;
  readonly representations?: RepresentationOptions | undefined;
  readonly events?: EventsOptions | undefined;
  readonly operations?: OperationsOptions | undefined;
  readonly emit: Emit;
  /** Milliseconds for which running responses may go on after stop(). */
  readonly graceMs?: number | undefined;
  /** Milliseconds for which a client may neither take nor send a byte. */
  readonly stallMs?: number | undefined;
  /** Opens what answers before the root is asked. */
  readonly openIntermediary?:
    | ((context: { link: Link; emit: Emit }) => Promise<Intermediary>)
    | undefined;
  /** Opens the hub's part in the swarm, before the port is. */
  readonly openSwarm?: ((context: SwarmContext) => Promise<HubSwarm>) | undefined;
}

export interface RunningServer {
  /** Ends in a slash. */
  readonly url: string;
  /** Reads keys and certificate again. If one is wrong, warns of it and keeps the old ones. */
  reload(): Promise<void>;
  /** Opens renamed logs again, under their old names. */
  reopenLogs(): Promise<void>;
  /** Takes no more requests, lets running ones end within the grace time, then cuts them. */
  stop(): Promise<void>;
}

const GRACE_MS = 10_000;
/** Chosen: longer than TCP takes to recover from a short loss of the path. */
const STALL_MS = 30_000;

/** @throws HubswarmError ERR_LISTEN (the port), and what keys, certificate and log say */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { root, host, writable, tls } = options;
  const operations = await Operations.open(options.operations ?? {}, options.emit);
  const { emit, traffic } = operations;
  // Steps that close all that was opened, in the opposite order.
  const closing: (() => Promise<void> | void)[] = [() => operations.close()];
  const close = async (): Promise<void> => {
    for (const each of closing.toReversed()) await each();
  };
  try {
    const context = { host, writable, tls: tls?.kind ?? 'none', emit } as const;
    const access = await Access.open(options.access ?? {}, context);
    closing.push(() => access.close());
    const certificate = tls && (await loadCertificate(tls, host, emit));
    const server = createLimitedServer(operations.limits, certificate);
    const stopping = new AbortController();
    const { signal } = stopping;
    const admission = new Admission(access, options.access ?? {}, context);
    const address = new OwnAddress(options.access ?? {});
    const opened = { root, operations, access, admission, address, server, signal, closing };
    const { hub, store } = await assemble(options, opened);
    attach(server, hub);
    const place = await listen(server, host, options.port);
    const url = `${tls ? 'https' : 'http'}://${place}/`;
    emit({ event: 'listening', role: 'server', addresses: [url] });
    const { catalogue, intermediary } = hub;
    const warming = intermediary ? undefined : warmUp({ root, catalogue, store, emit, signal });
    const tidying = writable && !intermediary ? root.removeLeftovers(signal) : undefined;
    const sweeping = writable ? hub.uploads.unfinished.sweep(signal) : undefined;
    const end = async (): Promise<void> => {
      const { graceMs = GRACE_MS } = options;
      const periods = { delayMs: operations.drainDelayMs, graceMs };
      const requests = traffic.running.filter(({ target }) => !isEventsTarget(target)).length;
      if (requests > 0) emit({ event: 'drain_started', requests, ...periods });
      await drain(server, traffic, () => hub.events.end(), periods);
      stopping.abort(new HubswarmError('ERR_ABORTED', 'the server stopped'));
      await Promise.all([warming, tidying, sweeping]);
      await close();
    };
    let ended: Promise<void> | undefined;
    return {
      url,
      reload: () => reload(options, access, server, emit),
      reopenLogs: () => operations.reopenLogs(),
      stop: () => (ended ??= end()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly root: Root;
  readonly operations: Operations;
  readonly access: Access;
  readonly admission: Admission;
  readonly address: OwnAddress;
  readonly server: Server;
  /** Aborts at the end: running hashing is given up. */
  readonly signal: AbortSignal;
  readonly closing: (() => Promise<void> | void)[];
}

async function assemble(
  options: ServerOptions,
  { root, operations, access, admission, address, server, signal, closing }: Opened,
): Promise<{ hub: Hub; store: CatalogueStore | undefined }> {
  const { emit, traffic } = operations;
  const { link } = options;
  await root.mend(options.writable, (message) => emit({ event: 'warned', message }));
  const store = await openStore(options, root, emit);
  closing.push(() => store?.close());
  const catalogue = new Catalogue({ root, pieceLength: options.pieceLength, store, signal });
  const uploads = await Uploads.open(root, options.uploads ?? {}, emit);
  const representations = createRepresentations(options.representations ?? {}, catalogue, signal);
  const { maxSubscribers } = operations.limits;
  const events = new HubEvents(
    { root, catalogue, transfers: new TransferWatch(traffic), emit, maxSubscribers },
    options.events ?? {},
  );
  operations.listen(events);
  const intermediary = await options.openIntermediary?.({ link, emit });
  closing.push(() => intermediary?.close());
  const swarm = await options.openSwarm?.({ root, catalogue, access, events, emit });
  closing.push(() => swarm?.close());
  const health = new Health(root, traffic);
  const connections = operations.limit(server);
  const metrics = operations.metricsOf((tally) =>
    gaugesOf({ catalogue, link, events, connections, traffic }, tally),
  );
  const { stallMs = STALL_MS } = options;
  const entry = { access, admission, address };
  const parts = { root, catalogue, link, ...entry, uploads, representations, events };
  return { hub: { ...parts, emit, stallMs, traffic, health, metrics, intermediary, swarm }, store };
}

function attach(server: Server, hub: Hub): void {
  const listener = guarded('answering a request', createListener(hub));
  server.on('request', listener);
  // Refuses before the body comes; the code that takes the body asks for it.
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  Object.assign(server, { shouldUpgradeCallback: createUpgradeChoice(hub) });
  server.on('upgrade', guarded('answering an upgrade', createUpgradeListener(hub, server)));
  answerParseFailures(server, hub);
}

/** Opens the store. A hub without one is slower after its next start, and otherwise as good. */
async function openStore(
  { catalogueDirectory }: ServerOptions,
  root: Root,
  emit: Emit,
): Promise<CatalogueStore | undefined> {
  if (catalogueDirectory === undefined) return undefined;
  try {
    return await CatalogueStore.open(catalogueDirectory, root.id);
  } catch (error) {
    const reason = describeError(error);
    emit({ event: 'warned', message: `hashes are not kept for the next start: ${reason}` });
    return undefined;
  }
}

async function reload(
  { tls, host }: ServerOptions,
  access: Access,
  server: Server,
  emit: Emit,
): Promise<void> {
  try {
    await access.reload();
    if (!tls) return;
    const renewed = await loadCertificate(tls, host, emit);
    (server as SecureServer).setSecureContext(secureContext(renewed));
  } catch (error) {
    emit({ event: 'warned', message: `${describeError(error)}; the old one stays in use` });
  }
}
