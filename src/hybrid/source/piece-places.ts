// Where the pieces of a file lie on a web server: in the file itself, or on a hub as blocks by their
// CIDs, for who knows a CID and no URL of the file.

import { SourceFailure } from '../../client/http/source-failure.ts';
import { showUrl } from '../../client/http/url.ts';
import type { RangeResponse } from '../../client/mirrors/fetch-range.ts';
import { verifiedVersion } from '../../client/mirrors/version.ts';
import { type Manifest, pieceCid } from '../../content/manifest.ts';

/** Consecutive pieces, which one request gets. */
export interface PieceRun {
  readonly first: number;
  readonly count: number;
}

export interface PiecePlaces {
  /** How the server is shown, without credentials. */
  readonly name: string;
  /** Most pieces of a run. */
  readonly longestRun: number;
  /** The URL, and the range of it if it holds more than the run. */
  place(run: PieceRun): { readonly url: URL; readonly first: number; readonly end?: number };
  /** Checks what an answer says of itself. @throws SourceFailure */
  check(run: PieceRun, response: RangeResponse): void;
}

/** Bytes of a request, about: enough to hide a round trip, few enough to change one's mind. Chosen. */
const RUN_BYTES = 2 * 2 ** 20;

/** The file at its own URL, by ranges (RFC 9110 section 14). */
export function fileAt(url: URL, manifest: Manifest): PiecePlaces {
  const { geometry } = manifest;
  const version = verifiedVersion(manifest);
  const first = (run: PieceRun): number => geometry.offset(run.first);
  return {
    name: showUrl(url),
    longestRun: Math.max(1, Math.floor(RUN_BYTES / geometry.maxLength)),
    place: (run) => {
      const last = run.first + run.count - 1;
      return { url, first: first(run), end: geometry.offset(last) + geometry.length(last) };
    },
    check: (run, response) => {
      const reason =
        response.offset === first(run)
          ? version.refuse(response, url)
          : 'answered with the whole file where a part was asked for';
      if (reason !== undefined) throw new SourceFailure(reason, { final: true });
    },
  };
}

/** The blocks of a hub. @param hub its URL, which ends in a slash */
export function blocksOf(hub: URL, manifest: Manifest): PiecePlaces {
  return {
    name: showUrl(hub),
    longestRun: 1,
    place: ({ first: piece }) => {
      const url = new URL(`ipfs/${pieceCid(manifest, piece)}`, hub);
      url.searchParams.set('format', 'raw');
      return { url, first: 0 };
    },
    check: ({ first: piece }, { totalBytes }) => {
      const length = manifest.geometry.length(piece);
      if (totalBytes === undefined || totalBytes === length) return;
      const reason = `has a block of ${totalBytes} bytes, not ${length}`;
      throw new SourceFailure(reason, { final: true });
    },
  };
}
