// Standard input as a file: an upload needs its length, and reads it again when it goes on.
import { withSpooled as withFile } from '../../disk/file-system/spooled.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { showUrl, tryDecode } from '../http/url.ts';

interface Spool {
  readonly input: NodeJS.ReadableStream;
  /** The target, whose last segment names the file. */
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** Calls `use` with the path of a temporary file. @throws HubswarmError ERR_USAGE, and its errors */
export async function withSpooled<T>(
  { input, url, signal }: Spool,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const last = url.pathname.split('/').at(-1)!;
  const name = (tryDecode(last) ?? last).replaceAll('/', '_');
  if (name !== '') return withFile({ input, name, signal }, use);
  const example = `${showUrl(url)}name`;
  throw new HubswarmError('ERR_USAGE', `-: standard input has no name; give one, as in ${example}`);
}
