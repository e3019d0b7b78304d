// A range of a file from one mirror, as one long response. Decides whether an
// answer delivers what was asked for; bytes that come are checked by the caller,
// piece by piece. Shared by downloads and by peers that use a hub as a seed.
// Source: RFC 9110 sections 14 and 15.
import type { HttpClient, HttpResponse } from './http-client.ts';
import type { Room, Take } from './http-connection.ts';
import { parseContentRange } from './http-head.ts';
import { SourceFailure, statusFailure } from './source-failure.ts';

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
    const { offset, totalBytes } = placeOf(request, response);
    return {
      headers: response.headers,
      url: response.url,
      offset,
      totalBytes,
      pump: (take, room) => response.pump(take, room),
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

function placeOf(
  { first, end }: RangeRequest,
  { status, headers }: HttpResponse,
): { offset: number; totalBytes: number | undefined } {
  const coding = headers.get('content-encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new SourceFailure('sent an encoding that was not asked for', { final: true });
  }
  if (status === 200) {
    const length = headers.get('content-length');
    return { offset: 0, totalBytes: length === undefined ? undefined : Number(length) };
  }
  if (status !== 206) throw statusFailure(status, headers.get('retry-after'));
  const range = parseContentRange(headers.get('content-range'));
  if (!range || range.first !== first || (end !== undefined && range.end > end)) {
    throw new SourceFailure('answered with another range than was asked for', { final: true });
  }
  return { offset: first, totalBytes: range.total };
}
