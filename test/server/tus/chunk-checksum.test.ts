// Upload-Checksum, before the bytes and behind them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub } from '../hub.ts';
import { wireAnswer } from '../wire.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const METADATA = `filename ${Buffer.from('f').toString('base64')}`;

async function begun(): Promise<{ hub: Hub; url: string }> {
  const hub = await startHub({ writable: true });
  const headers = { ...TUS, 'upload-length': 5, 'upload-metadata': METADATA };
  const made = await hub.ask('/uploads/', { method: 'POST', headers });
  return { hub, url: made.headers.location! };
}

const checksum = (algorithm: string, text: string) =>
  `Upload-Checksum: ${algorithm} ${createHash(algorithm).update(text).digest('base64')}`;

/** 'hello' in chunks, with these fields before and behind it. */
function patch({ hub, url }: { hub: Hub; url: string }, fields: string[], trailers: string[]) {
  const head = [
    `PATCH ${url} HTTP/1.1`,
    'Host: hub',
    'Connection: close',
    'Tus-Resumable: 1.0.0',
    'Content-Type: application/offset+octet-stream',
    'Upload-Offset: 0',
    'Transfer-Encoding: chunked',
    ...fields,
  ];
  const body = ['5', 'hello', '0', ...trailers, '', ''];
  return wireAnswer(hub.socket(), [...head, '', ...body].join('\r\n'));
}

const TRAILER = 'Trailer: Upload-Checksum';

describe('a checksum', () => {
  it.each(['sha256', 'sha1', 'md5'])('behind the bytes is compared, by %s', async (algorithm) => {
    const upload = await begun();
    const wrong = await patch(upload, [TRAILER], [checksum(algorithm, 'jello')]);
    expect(wrong.status).toBe(460);
    const { hub, url } = upload;
    expect((await hub.ask(url, { method: 'HEAD', headers: TUS })).headers['upload-offset']).toBe(
      '0',
    );
    const right = await patch(
      upload,
      ['Trailer: X, upload-checksum'],
      [checksum(algorithm, 'hello')],
    );
    expect(right.status).toBe(204);
    expect(await readFile(join(hub.root, 'f'), 'utf8')).toBe('hello');
  });

  it.each([
    ['that was announced and did not come', [TRAILER], [], 400],
    ['of an algorithm that is not known', [TRAILER], ['Upload-Checksum: crc32 AAAA'], 400],
    ['that is malformed', [TRAILER], ['Upload-Checksum: sha1'], 400],
    ['that came before counts, and', [TRAILER, checksum('sha1', 'x')], [], 460],
  ] as const)('%s is refused', async (_what, fields, trailers, status) => {
    const upload = await begun();
    expect((await patch(upload, [...fields], [...trailers])).status).toBe(status);
    const { hub, url } = upload;
    const { headers } = await hub.ask(url, { method: 'HEAD', headers: TUS });
    expect(headers['upload-offset']).toBe('0');
  });

  it('that does not match is named', async () => {
    const { hub, url } = await begun();
    const socket = hub.socket();
    const first = new Promise<string>((resolve) => socket.once('data', (b) => resolve(`${b}`)));
    const head = [`PATCH ${url} HTTP/1.1`, 'Host: hub', 'Tus-Resumable: 1.0.0', 'Upload-Offset: 0'];
    const type = 'Content-Type: application/offset+octet-stream';
    const lines = [...head, type, 'Content-Length: 5', checksum('sha1', 'x'), '', 'hello'];
    socket.write(lines.join('\r\n'));
    expect(await first).toMatch(/^HTTP\/1\.1 460 Checksum Mismatch\r\n/);
  });
});
