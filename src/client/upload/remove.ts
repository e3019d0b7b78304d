import { refusalOf } from '../http/send-request.ts';
import { isDone, sendChange, type Target } from './send-change.ts';

const HINTS: Record<number, string> = {
  403: 'the server deletes nothing there (a hub does when started with --writable, but not its root)',
  405: 'the server deletes nothing there',
  409: 'the directory is not empty',
};

/** Deletes a file or an empty directory of a hub. @throws HubswarmError ERR_REMOTE */
export function removeFile(target: Target): Promise<void> {
  return sendChange(target, { method: 'DELETE' }, (answer) => {
    if (!isDone(answer)) throw refusalOf(target, answer, HINTS);
  });
}
