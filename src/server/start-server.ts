// The hub as a running process: opens the root and the port, and ends in order.
// Everything that can be wrong with either is one HubswarmError before anything
// is served. Nothing about single requests is decided here.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CountReporter } from '../link/counts.ts';
import { LimitReporter } from '../link/limits.ts';
import { type Caps, Link } from '../link/link.ts';
import { describeError, HubswarmError, systemCode } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import { Access, type AccessOptions } from './access/access.ts';
import { createListener } from './app.ts';
import { Catalogue } from './catalogue.ts';
import { CatalogueStore } from './catalogue-store.ts';
import { type EventsOptions, HubEvents } from './events/hub-events.ts';
import { createUpgradeListener } from './events/upgrade.ts';
import type { Hub } from './hub.ts';
import { createLimitedServer } from './operations/connections.ts';
import { drain } from './operations/drain.ts';
import { Health } from './operations/health.ts';
import { Operations, type OperationsOptions } from './operations/operations.ts';
import { answerParseFailures } from './parse-failure.ts';
import { createRepresentations, type RepresentationOptions } from './representations.ts';
import { ServedRoot } from './served-root.ts';
import { loadCertificate, secureContext, type TlsOptions } from './tls/tls.ts';
import { type UploadOptions, Uploads } from './uploads.ts';
import { warmUp } from './warm-up.ts';

export interface ServerOptions {
  readonly root: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  /** Of every file; by its size unless given. */
  readonly pieceLength?: number | undefined;
  /** Where hashes are kept between runs; nowhere unless given. */
  readonly catalogueDirectory?: string | undefined;
  readonly representations?: RepresentationOptions | undefined;
  readonly writable: boolean;
  readonly access?: AccessOptions | undefined;
  /** Plain HTTP without. */
  readonly tls?: TlsOptions | undefined;
  readonly uploads?: UploadOptions | undefined;
  readonly emit: Emit;
  /** How long running responses may go on after stop(). */
  readonly graceMs?: number | undefined;
  /** How long a client may take or give nothing. */
  readonly stallMs?: number | undefined;
  readonly operations?: OperationsOptions | undefined;
  readonly events?: EventsOptions | undefined;
}

export interface RunningServer {
  /** Ends in a slash. */
  readonly url: string;
  readonly link: Link;
  /** Changes the caps of the running link. */
  limit(caps: Caps): void;
  /** Reads keys and certificate anew; what is wrong is warned of, and the old ones stay. A log too. */
  reload(): Promise<void>;
  /** Takes no more requests, lets running ones end within the grace, then cuts them. */
  stop(): Promise<void>;
}

const GRACE_MS = 10_000;
/** Chosen: longer than TCP takes to recover from a short loss of the path. */
const STALL_MS = 30_000;

/** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED (the root), ERR_LISTEN (the port) */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { writable, pieceLength, host, tls } = options;
  const alwaysTls = tls?.kind === 'given';
  const operations = await Operations.open(options.operations ?? {}, options.emit);
  const { emit, traffic } = operations;
  const access = await Access.open(options.access ?? {}, { host, writable, alwaysTls, emit });
  const root = await ServedRoot.at(options.root);
  const certificate = tls && (await loadCertificate(tls, host, emit));
  const stopping = new AbortController();
  const counts = new CountReporter(emit);
  const link = new Link({
    uplinkBytesPerSecond: options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
    downlinkBytesPerSecond: options.downlinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
    onCount: counts.note,
  });
  const store = await openStore(options, root);
  const catalogue = new Catalogue({ pieceLength, store, signal: stopping.signal });
  const stallMs = options.stallMs ?? STALL_MS;
  const uploads = await Uploads.open(root, options.uploads ?? {}, emit);
  const representations = createRepresentations(options.representations ?? {}, stopping.signal);
  const { maxSubscribers } = operations.limits;
  const shared = { root, catalogue, emit, traffic };
  const events = new HubEvents({ ...shared, maxSubscribers }, options.events ?? {});
  operations.listen(events);
  const server = createLimitedServer(operations.limits, certificate);
  const health = new Health(root.path, traffic);
  const metrics = operations.metricsOf({ server, catalogue, link, events });
  const answering = { access, uploads, representations, health, metrics, events };
  attach(server, { ...shared, ...answering, link, stallMs });
  const url = await listen(server, options);
  emit({ event: 'listening', role: 'server', addresses: [url] });
  const warming = warmUp({ root, catalogue, store, writable, emit, signal: stopping.signal });
  const sweeping = writable ? uploads.unfinished.sweep(stopping.signal) : undefined;
  const end = async (): Promise<void> => {
    const { drainDelayMs: delayMs } = operations;
    const graceMs = options.graceMs ?? GRACE_MS;
    await drain(server, traffic, () => events.end(), { delayMs, graceMs });
    stopping.abort(new HubswarmError('ERR_ABORTED', 'the server stopped'));
    await warming;
    await sweeping;
    await store?.close();
    access.close();
    counts.close(link);
    await operations.close();
  };
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => (ended ??= end());
  const limits = new LimitReporter(emit);
  const limit = (caps: Caps): void => {
    link.limit(caps);
    limits.report(link);
  };
  const reload = async (): Promise<void> => {
    await operations.reopenLog();
    try {
      await access.reload();
      if (!tls) return;
      const renewed = await loadCertificate(tls, host, emit);
      (server as SecureServer).setSecureContext(secureContext(renewed));
    } catch (error) {
      emit({ event: 'warned', message: `${describeError(error)}; the old one stays in use` });
    }
  };
  return { url, link, limit, reload, stop };
}

/** A hub without a store is slower after its next start, and as good otherwise. */
async function openStore(
  { catalogueDirectory, emit }: ServerOptions,
  root: ServedRoot,
): Promise<CatalogueStore | undefined> {
  if (catalogueDirectory === undefined) return undefined;
  try {
    return await CatalogueStore.open(catalogueDirectory, root.path);
  } catch (error) {
    const reason = describeError(error);
    emit({ event: 'warned', message: `hashes are not kept for the next start: ${reason}` });
    return undefined;
  }
}

function attach(server: Server, hub: Hub): void {
  const listener = createListener(hub);
  server.on('request', listener);
  // So that a refusal comes before the body; whoever takes the body says continue.
  server.on('checkContinue', listener);
  server.on('upgrade', createUpgradeListener(hub, server));
  answerParseFailures(server, hub.traffic.running);
}

async function listen(server: Server, { host, port, tls }: ServerOptions): Promise<string> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, host, port);
  }
  const { address, family, port: given } = server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${given}/`;
}

function listenError(cause: unknown, host: string, port: number): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use; give another with --port, or 0 for any`,
    EADDRNOTAVAIL: `--host: ${host} is not an address of this machine`,
    ENOTFOUND: `--host: ${host} is not a known name or address`,
    EAI_AGAIN: `--host: ${host} cannot be looked up now`,
    EACCES: `port ${port} needs more rights; give one above 1023`,
    EINVAL: `--host: ${host} is not an address that can be listened on`,
  };
  const reason = reasons[systemCode(cause) ?? ''];
  return reason ? new HubswarmError('ERR_LISTEN', reason, { cause }) : cause;
}
