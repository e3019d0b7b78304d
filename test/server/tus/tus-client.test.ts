// The hub and tus-js-client, which many pages and programs upload with.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Upload, type UploadOptions } from 'tus-js-client';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub, tempRoot } from '../hub.ts';

const BYTES = randomBytes(5 * 2 ** 20 + 3);

function send(hub: Hub, options: Partial<UploadOptions>, onUpload?: (upload: Upload) => void) {
  return new Promise<void>((resolve, reject) => {
    const upload = new Upload(BYTES, {
      endpoint: `${hub.running.url}uploads/`,
      metadata: { filename: 'a b.bin', directory: 'dir' },
      retryDelays: [0, 100, 200, 400],
      onSuccess: () => resolve(),
      onError: reject,
      ...options,
    });
    onUpload?.(upload);
    upload.start();
  });
}

describe('tus-js-client', () => {
  it.each([
    ['in one request', {}],
    ['in chunks', { chunkSize: 2 ** 20 }],
    ['with the creation', { uploadDataDuringCreation: true, chunkSize: 2 ** 20 }],
    ['with a length that comes late', { uploadLengthDeferred: true, chunkSize: 2 ** 20 }],
    ['in parallel parts', { parallelUploads: 3 }],
    ['by POST alone', { overridePatchMethod: true }],
  ])('uploads %s', async (_, options) => {
    const hub = await startHub({ writable: true });
    await send(hub, options);
    const file = await readFile(join(hub.root, 'dir/a b.bin'));
    expect(file.equals(BYTES)).toBe(true);
  });

  it('goes on at another hub over the same root where the first one was cut', async () => {
    const root = await tempRoot();
    const first = await startHub({ root, writable: true, downlinkBytesPerSecond: 8 * 2 ** 20 });
    const half = BYTES.length / 2;
    const url = await new Promise<string>((resolve) => {
      const sent = send(first, { chunkSize: 2 ** 20, retryDelays: null }, (upload) => {
        upload.options.onChunkComplete = (_size, accepted) => {
          if (accepted < half) return;
          void upload.abort();
          resolve(upload.url!);
        };
      });
      sent.catch(() => undefined);
    });
    await first.running.stop();
    const second = await startHub({ root, writable: true });
    const moved = new URL(new URL(url).pathname, second.running.url).href;
    let least = Number.POSITIVE_INFINITY;
    await send(second, {
      uploadUrl: moved,
      onProgress: (sent) => {
        least = Math.min(least, sent);
      },
    });
    expect(least).toBeGreaterThanOrEqual(half);
    expect((await readFile(join(root, 'dir/a b.bin'))).equals(BYTES)).toBe(true);
  });
});
