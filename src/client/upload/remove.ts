import { askChange, type ChangeOptions, isSuccess } from './ask-change.ts';

const HINTS: Record<number, string> = {
  403: 'the server deletes nothing there (a hub does when started with --writable, but not its root)',
  405: 'the server deletes nothing there',
  409: 'the directory is not empty',
};

/** Deletes a file or an empty directory of a hub. @throws HubswarmError ERR_REMOTE */
export async function removeFile(options: ChangeOptions): Promise<void> {
  await askChange(options, { method: 'DELETE', hints: HINTS }, (status) =>
    isSuccess(status) ? true : undefined,
  );
}
