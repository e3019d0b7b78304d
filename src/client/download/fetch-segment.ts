// Fetches one segment of a file from one mirror, as one response. Each complete piece goes to the
// sink, which verifies it. Complete pieces count even if the response fails later. It ends early,
// without a failure, if other lanes took over the rest.

import type { Geometry } from '../../content/geometry.ts';
import type { Link } from '../../link/link.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Take } from '../http/http-connection.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import type { FailOver } from '../mirrors/fail-over.ts';
import { openRange, type RangeResponse } from '../mirrors/fetch-range.ts';
import { paced } from '../mirrors/paced.ts';
import type { Version } from '../mirrors/version.ts';
import { Assembler } from './assembler.ts';
import type { PieceSink } from './piece-sink.ts';
import { PieceWrites } from './piece-writes.ts';
import type { Segment, Segments } from './segments.ts';

/** What all segments of one download share. */
export interface FetchContext extends Omit<FailOver, 'mirrors'> {
  readonly http: HttpClient;
  readonly link: Link;
  readonly geometry: Geometry;
  readonly version: Version;
  readonly sink: PieceSink;
  /** Called after each piece, with its length. */
  readonly onPiece: (bytes: number) => void;
}

export interface SegmentFetch extends FetchContext, Pick<FailOver, 'mirrors'> {
  readonly segments: Segments;
  /** Pieces that some lane is writing. */
  readonly storing: Set<number>;
  readonly url: URL;
  readonly segment: Segment;
  /** The lane's buffers: its fetches use them one after the other. */
  readonly buffers: Buffer[];
}

/** @throws SourceFailure; the pieces that came before it are kept */
export async function fetchSegment(fetch: SegmentFetch): Promise<void> {
  const { geometry, segment } = fetch;
  const start = geometry.offset(segment.next);
  const asked = segment.end;
  const response = await openSegment(fetch);
  const ranged = response.offset === start;
  // A server without ranges answers with the whole file: take the missing pieces out of it.
  if (!ranged) segment.end = geometry.pieceCount;
  const queue = new PieceWrites();
  const assembler = new Assembler(
    {
      maxLength: geometry.maxLength,
      length: (piece) => (piece < segment.end ? geometry.length(piece) : 0),
      handle: (piece, bytes) => queue.push(() => storePiece(fetch, piece, bytes)),
    },
    ranged ? segment.next : 0,
    fetch.buffers,
  );
  const coming = {
    response,
    assembler,
    end: ranged ? asked : geometry.pieceCount,
    leastBytes: fetch.mirrors.leastBytes(fetch.url),
  };
  try {
    await response.pump(takerOf(fetch, coming), () => assembler.room(), coming.leastBytes);
  } catch (error) {
    // The segment ended early because other lanes have the rest.
    if (segment.next < segment.end || !(error instanceof SourceFailure)) throw error;
  } finally {
    // Store the complete pieces first. A write's own failure counts more than the response's.
    await queue.drain();
  }
  if (segment.next < segment.end) throw new SourceFailure('ended before the last byte');
}

async function openSegment(fetch: SegmentFetch): Promise<RangeResponse> {
  const { http, geometry, segment, url, version, signal } = fetch;
  const last = segment.end - 1;
  const response = await openRange(http, {
    url,
    first: geometry.offset(segment.next),
    end: geometry.offset(last) + geometry.length(last),
    ifRange: version.validator(url),
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof SourceFailure && error.unranged)) throw error;
    return openRange(http, { url, first: 0, signal });
  });
  const reason = version.refuse(response, url);
  if (reason === undefined) return response;
  response.discard();
  throw new SourceFailure(reason, { final: true });
}

interface Coming {
  readonly response: RangeResponse;
  readonly assembler: Assembler;
  /** The piece at which the response ends. */
  readonly end: number;
  readonly leastBytes: number;
}

function takerOf(fetch: SegmentFetch, coming: Coming): Take {
  const { segment, segments, clock, patience } = fetch;
  const { response, assembler, end, leastBytes } = coming;
  const note = (): void => {
    const { index, filled } = assembler;
    patience.handleBytes(index, filled, leastBytes);
    if (segments.handleBytes(segment, index, filled, clock.now())) return;
    segment.next = segment.end;
    if (index < end) response.discard();
  };
  const take = paced(fetch.link, fetch.signal, (chunk) => {
    segment.lane.speed.note(chunk.length, clock.now());
    const wait = assembler.take(chunk);
    if (wait !== undefined) return wait.then(note);
    note();
    return undefined;
  });
  return (chunk) => {
    const wait = take(chunk);
    if (wait === undefined) return undefined;
    segment.held = true;
    return wait.finally(() => {
      segment.held = false;
      segment.heardAt = clock.now();
    });
  };
}

async function storePiece(fetch: SegmentFetch, piece: number, bytes: Uint8Array): Promise<void> {
  const { sink, storing, emit, url, version } = fetch;
  if (sink.have.has(piece) || storing.has(piece)) return;
  const cid = version.cid?.toString();
  const remote = showUrl(url);
  storing.add(piece);
  const right = await sink.write(piece, [bytes]).finally(() => storing.delete(piece));
  if (!right) {
    if (cid !== undefined) emit({ event: 'piece_rejected', cid, piece, remote });
    throw new SourceFailure(`sent wrong bytes for piece ${piece}`, { final: true });
  }
  fetch.mirrors.handleSuccess(url);
  fetch.patience.handleDone(piece);
  if (cid !== undefined) {
    emit({ event: 'piece_verified', cid, piece, bytes: bytes.length, remote });
  }
  fetch.onPiece(bytes.length);
}
