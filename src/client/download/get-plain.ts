// Downloads a file from servers that name no CID. If all name one strong ETag or one digest, and
// know ranges, it is fetched from all at once. Otherwise it is fetched from one after the other,
// and bytes of two servers never mix. If a digest was named, it is checked at the end.
import { parseAttributes } from '../../api/file-attributes.ts';
import { Geometry } from '../../content/geometry.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import { createRng } from '../../runtime/rng.ts';
import { reprDigest } from '../http/digest.ts';
import { showUrl } from '../http/url.ts';
import { contentCoding } from '../http/validator.ts';
import type { RangeResponse } from '../mirrors/fetch-range.ts';
import { Mirrors } from '../mirrors/mirrors.ts';
import type { Probed } from '../mirrors/probe.ts';
import { hasChanged, type SharedVersion, sharedVersion } from '../mirrors/version.ts';
import { downloadPieces } from './download.ts';
import type { FetchContext } from './fetch-segment.ts';
import { HashedSink } from './hashed-sink.ts';
import { OrderedSink } from './ordered-sink.ts';
import { downloadPlain } from './plain-download.ts';
import { PlainFileSink } from './plain-file.ts';
import { type PlainSink, PlainStreamSink, type PlainVersion } from './plain-sink.ts';
import { outletOf, type Target } from './target.ts';

type Base = Omit<FetchContext, 'geometry' | 'version' | 'sink' | 'onPiece'>;

export interface PlainGet extends Base {
  readonly seed: number;
  readonly target: Target;
  /** All given URLs, and the servers that answered. */
  readonly urls: readonly URL[];
  readonly probed: readonly Probed[];
  readonly connectionsPerHost: number;
  /** Whether the file gets the time that the server names. */
  readonly preserve: boolean;
  /** Called once, just before the first byte. */
  readonly onStart: (facts: { bytes: number; resumedBytes: number; verified: boolean }) => void;
  readonly onProgress: (bytes: number) => void;
}

/** Length of the smallest part requested, and of one write. */
const BLOCK_BYTES = 2 ** 20;
/** Those that alter bytes (RFC 9110 section 8.4.1, and what follows it). */
const CODINGS = new Set(['br', 'compress', 'deflate', 'gzip', 'x-compress', 'x-gzip', 'zstd']);
/** A server may claim any length: take no more memory than for a TiB. */
const MAX_BLOCKS = 2 ** 20;

export interface Gotten {
  readonly path: string;
  readonly bytes: number;
  /** The server that the bytes came from, and what it said about them. */
  readonly from: Source;
}

interface Source {
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
}

/** Resolves when the file has its name. */
export async function getPlain(get: PlainGet): Promise<Gotten> {
  const { target, probed } = get;
  const place =
    target.kind === 'file'
      ? await PlainFileSink.open(target.path, target.overwrite)
      : new PlainStreamSink(outletOf(target, get.signal));
  const sink = new HashedSink(place);
  const several = get.probed.length > 1 || get.connectionsPerHost > 1;
  const shared = several ? sharedVersion(probed) : undefined;
  try {
    const from =
      shared && shared.bytes <= BLOCK_BYTES * MAX_BLOCKS
        ? await getShared(get, sink, shared).catch(otherwise(get, sink))
        : await getSingle(get, sink);
    const attributes = get.preserve ? parseAttributes((name) => from.headers.get(name)) : {};
    const path = await sink.publish(attributes);
    return { path: target.kind === 'file' ? path : target.path, bytes: sink.position, from };
  } finally {
    await sink.close();
  }
}

async function getSingle(get: PlainGet, sink: HashedSink): Promise<Source> {
  const answers = new Map(get.probed.map((each) => [each.url, each]));
  const digestOf = (url: URL, response: RangeResponse): string | undefined => {
    const named = reprDigest(response.headers);
    const probed = answers.get(url);
    return named ?? (probed && !hasChanged(probed, response) ? reprDigest(probed.headers) : named);
  };
  // First the server whose bytes an earlier run left, then those that answered.
  const rank = (url: URL): number => {
    if (showUrl(url) === sink.version?.url) return 0;
    return answers.has(url) ? 1 : 2;
  };
  const urls = [...get.urls].sort((a, b) => rank(a) - rank(b));
  let from: Source | undefined;
  await downloadPlain({
    ...get,
    mirrors: new Mirrors(urls, createRng(get.seed)),
    sink,
    digest: digestOf,
    onStart: (url, response) => {
      const first = from === undefined;
      from = { url, headers: response.headers };
      if (!first) return;
      const coding = contentCoding(response.headers) ?? '';
      if (CODINGS.has(coding)) {
        const message = `${showUrl(url)}: sends it coded as ${coding}: it is kept as it comes`;
        get.emit({ event: 'warned', message });
      }
      const verified = digestOf(url, response) !== undefined;
      get.onStart({ bytes: response.totalBytes ?? 0, resumedBytes: sink.position, verified });
    },
    onBytes: get.onProgress,
  });
  return from!;
}

async function getShared(get: PlainGet, sink: HashedSink, version: SharedVersion): Promise<Source> {
  const { probed } = get;
  const { bytes, digest } = version;
  sink.hashing = digest !== undefined;
  const urls = probed.map(({ url }) => url);
  await goOn(sink, urls, version);
  const pieceCount = Math.ceil(bytes / BLOCK_BYTES);
  const geometry = new Geometry(
    Array.from({ length: pieceCount }, (_, i) => Math.min(BLOCK_BYTES, bytes - i * BLOCK_BYTES)),
  );
  get.onStart({ bytes, resumedBytes: sink.position, verified: digest !== undefined });
  let came = sink.position;
  await downloadPieces({
    ...get,
    urls,
    geometry,
    version,
    sink: new OrderedSink({
      pieceCount,
      firstPiece: sink.position === bytes ? pieceCount : sink.position / BLOCK_BYTES,
      // A block cannot be verified: only its place is known.
      accepts: () => true,
      append: (part) => sink.append(part),
    }),
    onPiece: (length) => {
      came += length;
      get.onProgress(came);
    },
  });
  if (digest === undefined || (await sink.digest()) === digest) return probed[0]!;
  if (get.target.kind === 'file') await sink.restart(undefined);
  throw new HubswarmError(
    'ERR_HASH_MISMATCH',
    'the bytes that came do not match the digest that the servers name',
  );
}

/** If the file has changed at all servers at once, it is fetched again, from one. */
function otherwise(get: PlainGet, sink: HashedSink): (error: unknown) => Promise<Source> {
  return (error) => {
    if (!hasCode(error, 'ERR_NO_SOURCE') || get.patience.leftMs <= 0) throw error;
    return getSingle(get, sink);
  };
}

/** Goes on from the last complete block of this version, or from the start. */
async function goOn(
  sink: PlainSink,
  urls: readonly URL[],
  { bytes, coding, validator }: SharedVersion,
): Promise<void> {
  const { version, position } = sink;
  const same = urls.find((url) => showUrl(url) === version?.url);
  if (
    same &&
    version?.bytes === bytes &&
    version.validator === validator(same) &&
    version.coding === coding
  ) {
    if (position < bytes) sink.rewind(position - (position % BLOCK_BYTES));
    return;
  }
  const [first] = urls;
  const tag = validator(first!);
  const begun: PlainVersion | undefined =
    tag === undefined ? undefined : { url: showUrl(first!), validator: tag, coding, bytes };
  await sink.restart(begun);
}
