import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDuplicates } from '../../../src/client/http/link-header.ts';
import { mirrorLinks } from '../../../src/server/message/mirror-links.ts';
import { startHub, tempRoot } from '../hub.ts';

const MIRRORS = ['http://10.0.0.2:8080/files/', 'https://cdn.example/pub/'];

describe('mirrorLinks', () => {
  it('names the file below each mirror, in their order', () => {
    expect(mirrorLinks(MIRRORS, ['a b', 'c>,;"'])).toEqual([
      '<http://10.0.0.2:8080/files/a%20b/c%3E%2C%3B%22>; rel=duplicate; pri=1',
      '<https://cdn.example/pub/a%20b/c%3E%2C%3B%22>; rel=duplicate; pri=2',
    ]);
  });

  it('stays short for a long path, the first mirrors before the last', () => {
    const many = Array.from({ length: 16 }, (_, i) => `http://m${i}.example/`);
    const [first, ...rest] = mirrorLinks(many, ['d'.repeat(250), 'f'.repeat(250)]);
    expect(first).toMatch(/^<http:\/\/m0\./);
    expect(rest).toHaveLength(2);
    expect(mirrorLinks(many, ['ü'.repeat(120), 'ü'.repeat(120), 'ü'.repeat(120)])).toEqual([]);
  });
});

describe('a hub with mirrors', () => {
  it('names them with the file, beside its block, in 200, 206, 304 and HEAD', async () => {
    const root = await tempRoot();
    await mkdir(join(root, 'sub'));
    await writeFile(join(root, 'sub', 'f,1.bin'), 'bytes');
    const hub = await startHub({ root, representations: { mirrors: MIRRORS } });
    const path = '/files/sub/f%2C1.bin';
    const first = await hub.ask(`${path}?download`);
    const requests = [
      { headers: {} },
      { headers: { Range: 'bytes=0-0' } },
      { headers: { 'If-None-Match': first.headers.etag } },
      { method: 'HEAD' },
    ];
    const answers = [first];
    for (const request of requests) answers.push(await hub.ask(path, request));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 206, 304, 200]);
    for (const { headers } of answers) {
      expect(headers.link).toMatch(/^<\.\.\/\.\.\/ipfs\/\w+>; rel="alternate"/);
      expect(parseDuplicates(headers.link as string, new URL(hub.running.url))).toEqual([
        new URL('http://10.0.0.2:8080/files/sub/f%2C1.bin'),
        new URL('https://cdn.example/pub/sub/f%2C1.bin'),
      ]);
    }
  });
});
