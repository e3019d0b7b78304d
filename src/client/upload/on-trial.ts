// Asks whether a server would store a file or make a directory, before what stands in its place is
// deleted. The request goes on condition of a version that nothing has: a server that would do it
// answers 412 and does nothing (RFC 9110 section 13.2.1), one that cannot or may not says so.
import { Link } from '../../link/link.ts';
import { refusalOf, sendRequest } from '../http/send-request.ts';
import { NOT_MADE } from './make-directory.ts';
import { putFailure } from './put.ts';
import type { RemoveOptions } from './remove.ts';
import { UploadSource } from './upload-source.ts';

const NEVER = { 'if-match': '"on-trial"' };
/** 409: something is in the way, which is to be deleted then. */
const WOULD = new Set([409, 412]);

const isTaken = (status: number): boolean => WOULD.has(status) || (status >= 200 && status < 300);

interface Trial extends RemoveOptions {
  /** The local file. */
  readonly path: string;
}

/**
 * A server that knows no conditions may store the file.
 *
 * @throws HubswarmError ERR_REMOTE if the server would not; ERR_NOT_FOUND, ERR_NOT_PERMITTED
 */
export async function checkStores(trial: Trial): Promise<void> {
  const source = await UploadSource.open(trial.path);
  try {
    const body = { bytes: source.bytes, chunks: () => source.read(false), onSent: () => undefined };
    const link = new Link();
    const answer = await sendRequest({ ...trial, method: 'PUT', headers: NEVER, body, link });
    if (!isTaken(answer.status)) throw refusalOf(trial, answer);
  } catch (error) {
    throw putFailure(error, trial.url, trial.signal);
  } finally {
    await source.close();
  }
}

/**
 * @param trial.url ends in '/'
 * @throws HubswarmError ERR_REMOTE if it may not
 */
export async function makesDirectories(trial: RemoveOptions): Promise<boolean> {
  try {
    const answer = await sendRequest({
      ...trial,
      method: 'MKCOL',
      headers: NEVER,
      link: new Link(),
    });
    if (isTaken(answer.status)) return true;
    if (NOT_MADE.has(answer.status)) return false;
    throw refusalOf(trial, answer);
  } catch (error) {
    throw putFailure(error, trial.url, trial.signal);
  }
}
