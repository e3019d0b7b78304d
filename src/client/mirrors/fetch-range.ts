// Fetches a range of a file from one mirror, as one long response. It checks that the answer
// delivers what was asked for and no more. The caller checks the bytes, piece by piece, and whether
// they belong to the right version. Source: RFC 9110 sections 14 and 15.
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import type { Room, Take } from '../http/http-connection.ts';
import { parseContentLength, parseContentRange } from '../http/http-head.ts';
import { SourceFailure } from '../http/source-failure.ts';

export interface RangeRequest {
  readonly url: URL;
  readonly first: number;
  /** Exclusive end; to the end of the file if left out. */
  readonly end?: number;
  /** A strong validator: if the file has changed, the server answers with all of it. */
  readonly ifRange?: string | undefined;
  readonly signal: AbortSignal;
}

export interface RangeResponse {
  readonly headers: HttpResponse['headers'];
  /** The final URL, after redirects. */
  readonly url: URL;
  /** Where the bytes begin: at `first`, or at 0 if the server answered with the whole file. */
  readonly offset: number;
  /** Length of the whole file in bytes; undefined if unknown. */
  readonly totalBytes: number | undefined;
  pump(take: Take, room?: Room, leastBytes?: number): Promise<void>;
  discard(): void;
}

/** @throws SourceFailure, or the signal's reason */
export async function openRange(http: HttpClient, request: RangeRequest): Promise<RangeResponse> {
  const response = await http.request({
    method: 'GET',
    url: request.url,
    headers: rangeHeaders(request),
    signal: request.signal,
  });
  try {
    const { offset, end, totalBytes } = placeOf(request, response);
    const most = end - offset;
    return {
      headers: response.headers,
      url: response.url,
      offset,
      totalBytes,
      pump: (take, room, leastBytes) => response.pump(atMost(most, take), room, leastBytes),
      discard: () => response.discard(),
    };
  } catch (failure) {
    response.discard();
    throw failure;
  }
}

function rangeHeaders({ first, end, ifRange }: RangeRequest): Record<string, string> {
  // The whole file is no range: servers without ranges answer it the same way.
  if (first === 0 && end === undefined) return {};
  const range = `bytes=${first}-${end === undefined ? '' : end - 1}`;
  return ifRange === undefined ? { range } : { range, 'if-range': ifRange };
}

/** With any success but these comes the whole (RFC 9110 section 15.3). */
const NOT_WHOLE = new Set([204, 206]);
/** A response of several parts, though one was asked for. */
const MULTIPART = /^multipart\/byteranges/i;

interface Place {
  readonly offset: number;
  /** Exclusive end; Infinity if the answer does not say. */
  readonly end: number;
  readonly totalBytes: number | undefined;
}

function placeOf({ first, end }: RangeRequest, response: HttpResponse): Place {
  const { status, headers } = response;
  const length = parseContentLength(headers.get('content-length'));
  const asked = first > 0 || end !== undefined;
  // Without a range asked for, the answer is what there is, whatever success it is called.
  const isSuccess = status >= 200 && status < 300;
  const isWhole =
    (isSuccess && !NOT_WHOLE.has(status)) ||
    (status === 206 && !asked && !headers.has('content-range'));
  if (isWhole) return { offset: 0, end: length ?? Infinity, totalBytes: length };
  // As curl and wget take it: a file without content.
  if (status === 204 && !asked) return { offset: 0, end: 0, totalBytes: 0 };
  if (status !== 206) throw response.failure();
  const range = parseContentRange(headers.get('content-range'));
  const isIt =
    range !== undefined &&
    !MULTIPART.test(headers.get('content-type') ?? '') &&
    range.first === first &&
    (end === undefined || range.end <= end) &&
    (length === undefined || length === range.end - range.first) &&
    // A part that was not asked for must at least name the total length.
    (asked || range.total !== undefined);
  if (!isIt) {
    const reason = 'answered with another range than was asked for';
    throw new SourceFailure(reason, { final: true, unranged: true });
  }
  return { offset: first, end: range.end, totalBytes: range.total };
}

/** Cuts off bytes past the named range: they would overwrite others. */
function atMost(bytes: number, take: Take): Take {
  let left = bytes;
  return (chunk) => {
    left -= chunk.length;
    if (left < 0) throw new SourceFailure('sent more bytes than it named', { final: true });
    return take(chunk);
  };
}
