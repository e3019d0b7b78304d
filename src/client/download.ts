// A verified download: missing pieces over mirrors into a store. Each piece is
// hashed as it arrives; a mirror that sends a wrong one is asked no more, one
// that breaks off is replaced by the next mid-file and asked again later.
// Writing goes on while the next piece is read.
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import type { Link } from '../link/link.ts';
import { Assembler } from './assembler.ts';
import { type FailOver, tryMirrors } from './fail-over.ts';
import { openRange, type RangeResponse } from './fetch-range.ts';
import type { HttpClient } from './http-client.ts';
import { namedCid } from './names-cid.ts';
import { paced } from './paced.ts';
import { nextRun } from './plan.ts';
import { SourceFailure } from './source-failure.ts';
import { showUrl } from './url.ts';
import { WriteQueue } from './write-queue.ts';

/** Where verified pieces go, in ascending order. */
export type PieceSink = Pick<PieceStore, 'manifest' | 'have' | 'write'>;

export interface Download extends FailOver {
  readonly http: HttpClient;
  readonly link: Link;
  readonly sink: PieceSink;
  /** After each piece. */
  readonly onPiece: (bytes: number) => void;
}

/** Resolves when the sink has every piece. */
export async function downloadPieces(download: Download): Promise<void> {
  while (!download.sink.have.isFull) {
    await tryMirrors(download, (url) => fetchRun(download, url));
  }
}

/** @throws SourceFailure; the pieces that came before it are kept */
async function fetchRun(download: Download, url: URL): Promise<void> {
  const { http, sink, link, signal } = download;
  const { geometry } = sink.manifest;
  const run = nextRun(sink.have, geometry);
  if (!run) return;
  const response = await openRange(http, {
    url,
    first: run.firstByte,
    end: run.endByte,
    signal,
  });
  checkSameFile(response, sink.manifest.root, geometry.totalLength);
  // A server without ranges answers with all: what is missing is picked out.
  const ranged = response.offset === run.firstByte;
  const endPiece = ranged ? run.endPiece : geometry.pieceCount;
  const queue = new WriteQueue();
  const assembler = new Assembler(
    {
      maxLength: geometry.maxLength,
      length: (piece) => (piece < endPiece ? geometry.length(piece) : 0),
      handle: (piece, bytes) => queue.push(() => storePiece(download, url, piece, bytes)),
    },
    ranged ? run.firstPiece : 0,
  );
  const take = paced(link, signal, (chunk) => {
    const wait = assembler.take(chunk);
    const piece = assembler.index;
    const start = piece < geometry.pieceCount ? geometry.offset(piece) : geometry.totalLength;
    download.patience.handlePosition(start + assembler.filled);
    return wait;
  });
  try {
    await response.pump(take);
  } finally {
    // What came whole before a failure counts; a write's own failure counts more.
    await queue.drain();
  }
  if (assembler.index < endPiece) throw new SourceFailure('ended before the last byte');
}

async function storePiece(
  download: Download,
  url: URL,
  piece: number,
  bytes: Uint8Array,
): Promise<void> {
  const { sink, emit } = download;
  if (sink.have.has(piece)) return;
  const cid = sink.manifest.root.toString();
  const remote = showUrl(url);
  if (!(await sink.write(piece, [bytes]))) {
    emit({ event: 'piece_rejected', cid, piece, remote });
    throw new SourceFailure(`sent wrong bytes for piece ${piece}`, { final: true });
  }
  download.mirrors.handleSuccess(url);
  emit({ event: 'piece_verified', cid, piece, bytes: bytes.length, remote });
  download.onPiece(bytes.length);
}

function checkSameFile(response: RangeResponse, root: CID, totalLength: number): void {
  const named = namedCid(response.headers);
  const { totalBytes } = response;
  let reason: string | undefined;
  if (named && !named.equals(root)) reason = `has another file: ${named}, not ${root}`;
  else if (totalBytes !== undefined && totalBytes !== totalLength) {
    reason = `has another file: of ${totalBytes} bytes, not ${totalLength}`;
  }
  if (reason === undefined) return;
  response.discard();
  throw new SourceFailure(reason, { final: true });
}
