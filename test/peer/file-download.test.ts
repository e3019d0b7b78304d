import { CID } from 'multiformats/cid';
import { expect, it } from 'vitest';
import { FileDownload, type FileDownloadPeer } from '../../src/peer/file-download.ts';

it('tells the DHT of a download after 20 to 60 s, never all that start together at once', () => {
  const cid = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy');
  const times: number[] = [];
  const peer = {
    hold: () => undefined,
    announce: (_: CID, afterMs: number) => times.push(afterMs),
  } as unknown as FileDownloadPeer;
  const signal = new AbortController().signal;
  const options = { out: '.', force: false, timeoutMs: 1000, signal };
  const found = { rawRoot: undefined, manifest: { root: cid } } as unknown as Parameters<
    FileDownload['join']
  >[0];
  for (let n = 0; n < 64; n++) {
    const download = new FileDownload(peer, cid, options);
    download.join(found, undefined as never, {});
  }
  expect(Math.min(...times)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...times)).toBeLessThan(60_000);
  // Drawn evenly, 64 times fall within 10 s of one another once in 10^37 runs.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(10_000);
});
