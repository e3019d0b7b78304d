// A small file written whole or not at all: under a temporary name of its own,
// then renamed. Only the user may read it.
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { fileError } from '../runtime/errors.ts';

/** @throws HubswarmError of the file system */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      // Without it a crash of the machine can leave an empty file under the name.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}
