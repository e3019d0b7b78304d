// One file from one or several mirrors, from the first question to the final
// name: asks the mirrors, finds the manifest, chooses where the file goes, and
// hands over to the verified or to the plain download.
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import { FileStore } from '../content/file-store.ts';
import type { Manifest } from '../content/manifest.ts';
import { CountReporter } from '../link/counts.ts';
import { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import { describeError, HubswarmError, hasCode } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Access } from './access.ts';
import { askAgain } from './ask-again.ts';
import { downloadPieces } from './download.ts';
import type { DownloadRecords } from './download-records.ts';
import { Patience } from './fail-over.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { deriveFileName } from './file-name.ts';
import { getEarly, manifestOnceHashed, pendingHub, untilHashed } from './get-early.ts';
import { type Gotten, getPlain } from './get-plain.ts';
import { HttpClient } from './http-client.ts';
import { parseDuplicates } from './link-header.ts';
import { namedCid } from './names-cid.ts';
import type { PieceSink } from './piece-sink.ts';
import { type Probed, probeMirrors } from './probe.ts';
import { chooseTarget, outletOf, type Target } from './target.ts';
import { TransferEvents } from './transfer-events.ts';
import { showUrl } from './url.ts';
import { verifiedPipe } from './verified-pipe.ts';
import { isSameFile, verifiedVersion } from './version.ts';

export interface GetOptions {
  /** At least one; mirrors of one file in the order of preference. */
  readonly urls: readonly URL[];
  /** As a person gives it: file, existing directory, or '-' for standard output. */
  readonly output?: string | undefined;
  /** As a program made it: taken as it is, and `output` is not looked at. */
  readonly target?: Target | undefined;
  /** What the file must be; otherwise what the mirrors say. */
  readonly cid?: CID | undefined;
  readonly force?: boolean | undefined;
  /** Where downloads are noted, so that what did not change is not fetched again. */
  readonly records?: DownloadRecords | undefined;
  /** False to fetch from no other server than those given (and those they redirect to). */
  readonly followMirrors?: boolean | undefined;
  /** At most, to each host of a mirror. */
  readonly connectionsPerHost?: number | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  /** Without progress. */
  readonly timeoutMs: number;
  readonly access?: Access | undefined;
  /** A mirror that is silent for this long is asked anew, or another one. */
  readonly stallMs?: number | undefined;
  /** What several transfers use together; its owner closes it. */
  readonly shared?: { readonly http: HttpClient; readonly link: Link } | undefined;
  readonly stdout: Writable;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Chosen: longer than TCP takes to recover from a short loss of the path. */
const STALL_MS = 10_000;

/**
 * More gain nothing where a hub caps each client or none. 128 MiB in memory from a hub of
 * this machine, median of twelve: 0.56 s with one, 0.63 with two, 0.78 with four; 256 MiB
 * with --client-uplink 64MiB/s, of five: 4.6, 4.8 and 4.7 s.
 */
const CONNECTIONS_PER_HOST = 1;
/** Mirrors that servers name, all of them together; chosen. */
const MAX_NAMED = 16;
/** Chosen: how long those are waited for that nobody asked for. */
const NAMED_WITHIN_MS = 2000;

/** @throws HubswarmError; the partial stays, so that the next call goes on there */
export async function getFile(options: GetOptions): Promise<void> {
  const name = deriveFileName(options.urls[0]!, undefined);
  const transfer = new Transfer(options, new TransferEvents(name, options.emit, systemClock));
  try {
    await transfer.run();
  } catch (error) {
    // A sleep or a socket that was broken off by the signal has an error of its own.
    const reason: unknown = options.signal.aborted ? options.signal.reason : error;
    transfer.events.fail(reason);
    throw reason;
  } finally {
    transfer.close();
  }
}

class Transfer {
  readonly events: TransferEvents;
  readonly #options: GetOptions;
  readonly #http: HttpClient;
  readonly #link: Link;
  readonly #patience: Patience;
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  /** Those given, without those that turned out to have another file. */
  #urls: readonly URL[];
  readonly #counts: CountReporter;
  /** What the bytes go to, where this transfer opened it. */
  #opened: Writable | undefined;

  constructor(options: GetOptions, events: TransferEvents) {
    this.#options = options;
    this.#urls = options.urls;
    this.events = events;
    this.#http =
      options.shared?.http ??
      new HttpClient({
        stallMs: Math.min(options.stallMs ?? STALL_MS, options.timeoutMs),
        access: options.access,
      });
    this.#patience = new Patience(options.timeoutMs, systemClock);
    this.#counts = new CountReporter(options.emit);
    this.#link =
      options.shared?.link ??
      new Link({
        uplinkBytesPerSecond: options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
        downlinkBytesPerSecond: options.downlinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
        onCount: this.#counts.note,
      });
  }

  async run(): Promise<void> {
    const { urls, output, force } = this.#options;
    if (await this.#isUnchanged()) return;
    const probed = await probeMirrors(this.#context(), urls);
    const root = this.#options.cid ?? probed.find(({ cid }) => cid)?.cid;
    const hub = probed.some(({ cid }) => cid) ? undefined : pendingHub(probed);
    // The blocks of a CID can be had once the hub has hashed the file.
    if (hub && root) await untilHashed(this.#context(), hub, this.#options.timeoutMs);
    const same = root ? this.#sameFile(probed, root) : probed;
    const manifest = root && (await this.#findManifest(same, root));
    const [first] = same;
    this.events.name = deriveFileName(first!.url, first!.headers.get('content-disposition'));
    const target =
      this.#options.target ??
      (await chooseTarget(output, this.events.name, force ?? false, this.#options.stdout));
    if (target.kind === 'stream' && target.isOwn) this.#opened = target.out;
    const named = this.#namedMirrors(same);
    if (manifest) {
      this.#urls = [...this.#urls, ...named];
      await this.#getVerified(manifest, target);
      const source = same.find(({ cid }) => cid?.equals(manifest.root));
      return source && this.#note(source);
    }
    const found = await this.#probeNamed(named, first!);
    this.#urls = [...this.#urls, ...found.map(({ url }) => url)];
    const download = (signal: AbortSignal) => this.#getPlain(target, [...same, ...found], signal);
    if (hub && target.kind === 'file') return this.#getEarly(hub, target, download);
    await this.#keep(await download(this.#options.signal));
  }

  /** From a hub that has not hashed the file yet. */
  async #getEarly(
    hub: Probed,
    target: Target & { kind: 'file' },
    download: (signal: AbortSignal) => Promise<Gotten>,
  ): Promise<void> {
    const { signal, emit } = this.#options;
    const { gotten, manifest } = await getEarly({
      target: target.path,
      download,
      findManifest: (over) => manifestOnceHashed({ ...this.#context(), signal: over }, hub),
      signal,
    });
    if (manifest) {
      // What came whole is this download's own, and may be replaced.
      const overwrite = target.overwrite || gotten !== undefined;
      await this.#getVerified(manifest, { ...target, overwrite });
      return this.#note({ url: hub.url, headers: new Map([['etag', `"${manifest.root}"`]]) });
    }
    emit({ event: 'warned', message: 'the hub has not hashed it yet: it is not verified' });
    if (gotten) await this.#keep(gotten);
  }

  async #keep({ path, bytes, from }: Gotten): Promise<void> {
    this.events.complete(path, bytes);
    await this.#note(from);
  }

  /** Asks the server of an earlier download whether the file is still the one that is here. */
  async #isUnchanged(): Promise<boolean> {
    const { records, urls, output, force, cid } = this.#options;
    if (!records || force || output === '-') return false;
    for (const url of urls) {
      const known = await records.find(showUrl(url), output);
      if (!known) continue;
      const { headers } = known;
      const answer = await askAgain(this.#http, { url, headers, signal: this.#options.signal });
      const named = answer && namedCid(answer);
      if (!answer || (cid && !named?.equals(cid))) continue;
      this.events.name = basename(known.path);
      this.events.complete(known.path, known.bytes, { unchanged: true });
      return true;
    }
    return false;
  }

  /** Under the URL whose validator it is. */
  async #note({ url, headers }: Pick<Probed, 'url' | 'headers'>): Promise<void> {
    const { records, output } = this.#options;
    const { path } = this.events;
    if (path === undefined || this.#opened || path === '-') return;
    await records?.note(showUrl(url), output, path, headers);
  }

  /** Other places of the file, as the servers name them (RFC 6249). */
  #namedMirrors(probed: readonly Probed[]): URL[] {
    if (this.#options.followMirrors === false) return [];
    const given = new Set(this.#urls.map((url) => showUrl(url)));
    const named = probed.flatMap(({ headers, finalUrl }) =>
      parseDuplicates(headers.get('link'), finalUrl),
    );
    const byHref = new Map(named.map((url) => [url.href, url]));
    return [...byHref.values()].filter(({ href }) => !given.has(href)).slice(0, MAX_NAMED);
  }

  /** Without a CID only what says that it has the same file is of use. */
  async #probeNamed(urls: readonly URL[], first: Probed): Promise<readonly Probed[]> {
    if (urls.length === 0) return [];
    const patience = new Patience(NAMED_WITHIN_MS, systemClock);
    const context = { ...this.#context(), patience, emit: () => undefined };
    const probed = await probeMirrors(context, urls).catch((error: unknown) => {
      if (hasCode(error, 'ERR_NO_SOURCE')) return [];
      throw error;
    });
    return probed.filter((each) => isSameFile(each, first));
  }

  close(): void {
    this.#opened?.destroy();
    if (this.#options.shared) return;
    this.#http.close();
    this.#counts.close(this.#link);
  }

  /** The mirrors that do not name another file; at least one. */
  #sameFile(probed: readonly Probed[], root: CID): readonly Probed[] {
    const refused = probed.filter(({ cid }) => cid && !cid.equals(root));
    const same = probed.filter((each) => !refused.includes(each));
    for (const { url, cid } of refused) {
      const reason = `has another file: ${cid}, not ${root}`;
      const remote = showUrl(url);
      if (same.length === 0) throw new HubswarmError('ERR_NO_SOURCE', `${remote}: ${reason}`);
      this.#options.emit({ event: 'source_failed', remote, reason });
    }
    this.#urls = this.#urls.filter((url) => !refused.some((each) => each.url === url));
    return same;
  }

  /** Undefined when what the servers named cannot be used; what the user asked for must be. */
  async #findManifest(probed: readonly Probed[], root: CID): Promise<Manifest | undefined> {
    const { cid: wanted, emit } = this.#options;
    const files = probed.map(({ finalUrl }) => finalUrl);
    try {
      const manifest = await fetchManifest(this.#context(), root, files);
      if (manifest.kind === 'file') return manifest;
      throw new HubswarmError('ERR_MANIFEST', `${root}: is a directory; give a file's CID`);
    } catch (error) {
      const unusable = hasCode(error, 'ERR_NO_SOURCE') || hasCode(error, 'ERR_MANIFEST');
      if (wanted || !unusable || this.#patience.leftMs <= 0) throw error;
      emit({ event: 'warned', message: `${root} is of no use: ${describeError(error)}` });
      return undefined;
    }
  }

  async #getVerified(manifest: Manifest, target: Target): Promise<void> {
    const { root, geometry } = manifest;
    const { signal } = this.#options;
    const { path: place, kind } = target;
    const store =
      kind === 'file'
        ? await FileStore.download(manifest, place, { overwrite: target.overwrite, signal })
        : undefined;
    const sink: PieceSink =
      kind === 'file' ? store! : verifiedPipe(manifest, outletOf(target, signal));
    let bytes = 0;
    for (const piece of sink.have) bytes += geometry.length(piece);
    this.#expectBytes();
    this.events.start({
      cid: root.toString(),
      bytes: geometry.totalLength,
      pieces: geometry.pieceCount,
      resumedBytes: bytes,
      verified: true,
    });
    try {
      await downloadPieces({
        ...this.#context(),
        urls: this.#urls,
        connectionsPerHost: this.#options.connectionsPerHost ?? CONNECTIONS_PER_HOST,
        geometry,
        version: verifiedVersion(manifest),
        sink,
        onPiece: (length) => {
          bytes += length;
          this.events.progress(bytes);
        },
      });
      const path = store ? await store.publish() : undefined;
      this.events.complete(path ?? target.path, geometry.totalLength);
    } finally {
      await store?.close();
    }
  }

  #getPlain(target: Target, probed: readonly Probed[], signal: AbortSignal): Promise<Gotten> {
    return getPlain({
      ...this.#context(),
      signal,
      target,
      urls: this.#urls,
      probed,
      connectionsPerHost: this.#options.connectionsPerHost ?? CONNECTIONS_PER_HOST,
      onStart: (facts) => {
        this.#expectBytes();
        const pending = target.kind === 'file' && pendingHub(probed) !== undefined;
        this.events.start({ pieces: 0, ...facts, ...(pending && { pending }) });
      },
      onProgress: (position) => this.events.progress(position),
    });
  }

  #expectBytes(): void {
    // Whatever came before (a slow hub, a partial to hash) the bytes have their own time.
    this.#patience.restart();
  }

  #context() {
    return {
      http: this.#http,
      link: this.#link,
      patience: this.#patience,
      clock: systemClock,
      seed: this.#seed,
      emit: this.#options.emit,
      signal: this.#options.signal,
    };
  }
}
