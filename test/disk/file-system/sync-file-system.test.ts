import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { syncFileSystem } from '../../../src/disk/file-system/sync-file-system.ts';

it('tells whether the file system was synced', async () => {
  expect(await syncFileSystem(tmpdir())).toBe(process.platform === 'linux');
  expect(await syncFileSystem(join(tmpdir(), 'hubswarm-is-not-there'))).toBe(false);
});
