// A range of a file from one mirror, as one long response. Decides whether an
// answer delivers what was asked for, and no more; bytes that come are checked by the
// caller, piece by piece, and so is whether they are of the version that it wants. Shared by downloads and by peers that use a hub as a seed.
// Source: RFC 9110 sections 14 and 15.
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import type { Room, Take } from '../http/http-connection.ts';
import { parseContentRange } from '../http/http-head.ts';
import { SourceFailure } from '../http/source-failure.ts';

export interface RangeRequest {
  readonly url: URL;
  readonly first: number;
  /** Exclusive; to the end when absent. */
  readonly end?: number;
  /** Strong: a file that changed is then answered whole. */
  readonly ifRange?: string | undefined;
  readonly signal: AbortSignal;
}

export interface RangeResponse {
  readonly headers: HttpResponse['headers'];
  /** After redirects. */
  readonly url: URL;
  /** Where the bytes begin: at `first`, or at 0 when the server answered with all. */
  readonly offset: number;
  /** Of the whole file, where known. */
  readonly totalBytes: number | undefined;
  pump(take: Take, room?: Room): Promise<void>;
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
      pump: (take, room) => response.pump(atMost(most, take), room),
      discard: () => response.discard(),
    };
  } catch (failure) {
    response.discard();
    throw failure;
  }
}

function rangeHeaders({ first, end, ifRange }: RangeRequest): Record<string, string> {
  // A request for everything is no range: servers without ranges answer it alike.
  if (first === 0 && end === undefined) return {};
  const range = `bytes=${first}-${end === undefined ? '' : end - 1}`;
  return ifRange === undefined ? { range } : { range, 'if-range': ifRange };
}

/** Several parts, where one was asked for. */
const MULTIPART = /^multipart\/byteranges/i;

interface Place {
  readonly offset: number;
  /** Exclusive; Infinity where the answer does not say. */
  readonly end: number;
  readonly totalBytes: number | undefined;
}

function placeOf({ first, end }: RangeRequest, response: HttpResponse): Place {
  const { status, headers } = response;
  const coding = headers.get('content-encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new SourceFailure('sent an encoding that was not asked for', { final: true });
  }
  const text = headers.get('content-length');
  const length = text === undefined ? undefined : Number(text);
  if (status === 200) return { offset: 0, end: length ?? Infinity, totalBytes: length };
  if (status !== 206) throw response.failure();
  const range = parseContentRange(headers.get('content-range'));
  const asked = first > 0 || end !== undefined;
  const isIt =
    range !== undefined &&
    !MULTIPART.test(headers.get('content-type') ?? '') &&
    range.first === first &&
    (end === undefined || range.end <= end) &&
    (length === undefined || length === range.end - range.first) &&
    // What nobody asked for must at least say how much is missing.
    (asked || range.total !== undefined);
  if (!isIt) {
    const reason = 'answered with another range than was asked for';
    throw new SourceFailure(reason, { final: true, unranged: true });
  }
  return { offset: first, end: range.end, totalBytes: range.total };
}

/** Bytes past the range that was named would lie where others belong. */
function atMost(bytes: number, take: Take): Take {
  let left = bytes;
  return (chunk) => {
    left -= chunk.length;
    if (left < 0) throw new SourceFailure('sent more bytes than it named', { final: true });
    return take(chunk);
  };
}
