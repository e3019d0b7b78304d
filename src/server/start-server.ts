// The hub as a running process: opens the root and the port, and ends in order.
// Everything that can be wrong with either is one HubswarmError before anything
// is served. Nothing about single requests is decided here.
import { once } from 'node:events';
import {
  createServer,
  type ServerOptions as HttpOptions,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CountReporter } from '../link/counts.ts';
import { LimitReporter } from '../link/limits.ts';
import { type Caps, Link } from '../link/link.ts';
import { describeError, HubswarmError, systemCode } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import { Access, type AccessOptions } from './access/access.ts';
import { createListener } from './app.ts';
import { Catalogue } from './catalogue.ts';
import { CatalogueStore } from './catalogue-store.ts';
import type { Front } from './hub.ts';
import { answerParseFailures } from './parse-failure.ts';
import { createRepresentations, type RepresentationOptions } from './representations.ts';
import { ServedRoot } from './served-root.ts';
import type { Certificate } from './tls/certificate.ts';
import { listenerOptions, loadCertificate, secureContext, type TlsOptions } from './tls/tls.ts';
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
  /** What answers in place of the root. */
  readonly openFront?: ((context: { link: Link; emit: Emit }) => Promise<Front>) | undefined;
}

export interface RunningServer {
  /** Ends in a slash. */
  readonly url: string;
  readonly link: Link;
  /** Changes the caps of the running link. */
  limit(caps: Caps): void;
  /** Reads keys and certificate anew; what is wrong is warned of, and the old ones stay. */
  reload(): Promise<void>;
  /** Takes no more requests, lets running ones end within the grace, then cuts them. */
  stop(): Promise<void>;
}

/** A request's head comes in one packet; who takes longer holds sockets open (slow-loris). */
const HEAD_WITHIN_MS = 5000;
/** How often Node.js looks for those. */
const HEAD_CHECK_MS = 1000;
/** Chosen: between a page and the next click, without keeping sockets of clients that left. */
const KEEP_ALIVE_MS = 15_000;
const GRACE_MS = 10_000;
/** Chosen: longer than TCP takes to recover from a short loss of the path. */
const STALL_MS = 30_000;

/** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED (the root), ERR_LISTEN (the port) */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { emit, writable, pieceLength, host, tls } = options;
  const alwaysTls = tls?.kind === 'given';
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
  const front = await options.openFront?.({ link, emit });
  const hub = { root, catalogue, link, access, uploads, representations, emit, stallMs, front };
  const listener = createListener(hub);
  const busy = new Set<ServerResponse>();
  const server = createHttpServer(certificate, (req, res) => {
    busy.add(res);
    res.once('close', () => busy.delete(res));
    listener(req, res);
  });
  answerParseFailures(server, busy);
  const url = await listen(server, options).catch(async (error: unknown) => {
    await front?.close();
    throw error;
  });
  emit({ event: 'listening', role: 'server', addresses: [url] });
  const { signal } = stopping;
  const warming = front ? undefined : warmUp({ root, catalogue, store, writable, emit, signal });
  const sweeping = writable ? uploads.unfinished.sweep(signal) : undefined;
  const stop = async (): Promise<void> => {
    await drain(server, busy, options.graceMs ?? GRACE_MS);
    stopping.abort(new HubswarmError('ERR_ABORTED', 'the server stopped'));
    await warming;
    await front?.close();
    await sweeping;
    await store?.close();
    access.close();
    counts.close(link);
  };
  const limits = new LimitReporter(emit);
  const limit = (caps: Caps): void => {
    link.limit(caps);
    limits.report(link);
  };
  const reload = async (): Promise<void> => {
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

function createHttpServer(certificate: Certificate | undefined, listener: RequestListener): Server {
  const options: HttpOptions = {
    headersTimeout: HEAD_WITHIN_MS,
    connectionsCheckingInterval: HEAD_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // It would end long uploads; receive-body.ts watches their pace instead.
    requestTimeout: 0,
    noDelay: true,
  };
  const server = certificate
    ? createSecureServer({ ...options, ...listenerOptions(certificate, HEAD_WITHIN_MS) })
    : createServer(options);
  server.on('request', listener);
  // So that a refusal comes before the body; whoever takes the body says continue.
  server.on('checkContinue', listener);
  return server;
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

/** Waits for the running responses alone: a connection that asks nothing holds up nobody. */
async function drain(server: Server, busy: Set<ServerResponse>, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const ended = [...busy].map((res) => new Promise((resolve) => res.once('close', resolve)));
  const over = new AbortController();
  const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([Promise.all(ended), grace]);
  over.abort();
  server.closeAllConnections();
  await closed;
}
