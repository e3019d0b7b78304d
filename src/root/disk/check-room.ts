import { statfs } from 'node:fs/promises';
import { Refusal } from '../../runtime/refusal.ts';

/** @throws Refusal ERR_DISK_FULL if the path's file system has no room for so many bytes more */
export async function checkRoom(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  if (bytes > bavail * bsize) throw new Refusal('ERR_DISK_FULL', 'no space left on the device');
}
