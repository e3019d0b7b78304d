// HEAD, for what a server says of a file. Some servers refuse HEAD, sign URLs for GET only, break
// off or never answer: that says nothing of the file, and GET decides.
import type { HttpClient, HttpResponse } from './http-client.ts';
import { SourceFailure } from './source-failure.ts';

interface Question {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Chosen: GET is asked as well then, and it has all the time that there is. */
const ANSWER_WITHIN_MS = 3000;

/** Resolves to any answer with a status; to undefined if none comes. @throws the signal's reason */
export async function askHead(
  http: HttpClient,
  { url, headers, signal }: Question,
): Promise<HttpResponse | undefined> {
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const within = AbortSignal.any([signal, late]);
  try {
    const head = await http.request({ method: 'HEAD', url, headers, signal: within });
    await head.pump(() => undefined);
    return head;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailure || late.aborted) return undefined;
    throw error;
  }
}
