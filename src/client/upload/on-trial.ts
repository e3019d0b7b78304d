// Asks whether a server would store a file or make a directory, before what stands in its place is
// deleted. The request goes on condition of a version that nothing has: a server that would do it
// answers 412 and does nothing (RFC 9110 section 13.2.1), one that cannot or may not says so.
import { refusalOf, type SentAnswer } from '../http/send-request.ts';
import { NOT_MADE } from './make-directory.ts';
import { isDone, sendChange, type Target } from './send-change.ts';
import { UploadSource } from './upload-source.ts';

const NEVER = { 'if-match': '"on-trial"' };
/** 409: something is in the way, which is to be deleted then. */
const WOULD = new Set([409, 412]);

const isTaken = (answer: SentAnswer): boolean => WOULD.has(answer.status) || isDone(answer);

interface Trial extends Target {
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
    await sendChange(trial, { method: 'PUT', headers: NEVER, body }, (answer) => {
      if (!isTaken(answer)) throw refusalOf(trial, answer);
    });
  } finally {
    await source.close();
  }
}

/**
 * @param trial.url ends in '/'
 * @throws HubswarmError ERR_REMOTE if it may not
 */
export function makesDirectories(trial: Target): Promise<boolean> {
  return sendChange(trial, { method: 'MKCOL', headers: NEVER }, (answer) => {
    if (isTaken(answer)) return true;
    if (NOT_MADE.has(answer.status)) return false;
    throw refusalOf(trial, answer);
  });
}
