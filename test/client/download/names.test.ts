// What a server or a user names: file names, CIDs, URLs, validators.
import { describe, expect, it } from 'vitest';
import { deriveFileName } from '../../../src/client/download/file-name.ts';
import { namedCid } from '../../../src/client/http/names-cid.ts';
import { parseHttpUrl, redirectTarget, showUrl } from '../../../src/client/http/url.ts';
import { strongValidator } from '../../../src/client/http/validator.ts';
import { uploadUrl } from '../../../src/client/upload/put.ts';

const CID = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
const OTHER = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';

describe('the name of a download', () => {
  it.each([
    ['/files/a.bin', undefined, 'a.bin'],
    ['/files/a%20b.bin', undefined, 'a b.bin'],
    ['/', undefined, 'download'],
    ['/files/', undefined, 'download'],
    ['/%ff', undefined, '%ff'],
    ['/a%2f..%2f..%2fetc%2fpasswd', undefined, 'passwd'],
    ['/..%5c..%5cboot.ini', undefined, 'boot.ini'],
    ['/%2e%2ebashrc', undefined, 'bashrc'],
    ['/a%00b%1b%5b2J', undefined, 'a_b_[2J'],
    ['/x', 'attachment; filename="b.bin"', 'b.bin'],
    ['/x', `attachment; filename="e.bin"; filename*=UTF-8''%C3%A9.bin`, 'é.bin'],
    ['/x', 'attachment; filename="../../etc/passwd"', 'passwd'],
    ['/x', 'attachment; filename=".."', 'x'],
    ['/x', 'attachment; filename=""', 'x'],
    ['/x', 'attachment; filename=".hidden"', 'hidden'],
    ['/x', 'not a ((( header', 'x'],
    [
      '/x',
      `attachment; filename="${Buffer.from('naïve é.bin').toString('latin1')}"`,
      'naïve é.bin',
    ],
    ['/x', 'attachment; filename="na\xefve.bin"', 'naïve.bin'],
    ['/x', 'attachment; filename=two words.bin;', 'two words.bin'],
    ['/x', `attachment; filename*=UTF-8''a%E2%80%AEgnp.exe`, 'a_gnp.exe'],
    ['/a%E2%80%8Bb%7F%C2%9B%E2%80%A8%EF%BB%BF', undefined, 'a_b____'],
    ['/%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9.png', undefined, '\u{1f468}\u200d\u{1f469}.png'],
  ])('%s, %s -> %s', (path, disposition, expected) => {
    expect(deriveFileName(new URL(path, 'http://h'), disposition)).toBe(expected);
  });

  it('is cut to what file systems take, extension kept', () => {
    const name = deriveFileName(new URL(`http://h/${'é'.repeat(300)}.tar`), undefined);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^é+\.tar$/);
    const family = encodeURIComponent('\u{1f468}\u200d'.repeat(50));
    const cut = deriveFileName(new URL(`http://h/a${family}`), undefined);
    expect(cut).toMatch(/^a(\u{1f468}\u200d)+\u{1f468}_?$/u);
  });
});

describe('the CID that an answer names', () => {
  it.each([
    [{ etag: `"${CID}"` }, CID],
    [{ etag: `W/"${CID}"` }, CID],
    [{ 'x-ipfs-roots': CID }, CID],
    [{ 'x-ipfs-roots': `${OTHER},${CID}` }, CID],
    [{ 'x-ipfs-roots': CID, etag: `"${OTHER}"` }, CID],
    [{ etag: '"5f-123"' }, undefined],
    [{ etag: `"${CID}.raw"` }, undefined],
    [{ etag: `"${'b'.repeat(5000)}"` }, undefined],
    [{}, undefined],
  ])('%j', (headers, expected) => {
    expect(namedCid(new Map(Object.entries(headers)))?.toString()).toBe(expected);
  });
});

describe('a strong validator', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  it.each([
    [{ etag: '"a"' }, '"a"'],
    [{ etag: 'W/"a"' }, undefined],
    [{ etag: 'a' }, undefined],
    [{ 'last-modified': 'Sun, 06 Nov 1994 08:48:37 GMT', date }, 'Sun, 06 Nov 1994 08:48:37 GMT'],
    [{ 'last-modified': 'Sun, 06 Nov 1994 08:49:07 GMT', date }, undefined],
    [{ 'last-modified': 'Sun, 06 Nov 1994 08:48:37 GMT' }, undefined],
    [{ 'last-modified': 'yesterday', date }, undefined],
    [{ 'last-modified': 'Sun Nov  6 08:48:37 1994', date }, 'Sun Nov  6 08:48:37 1994'],
    // Date would read these.
    [{ 'last-modified': '1994-11-06T08:48:37Z', date }, undefined],
    [{ 'last-modified': '1994', date }, undefined],
    [{ 'last-modified': 'Sun, 06 Nov 1994 08:48:37 GMT', date: '2026' }, undefined],
    [{ 'last-modified': 'Sun, 06 Nov 1994 08:48:37 +0000', date }, undefined],
  ])('%j', (headers, expected) => {
    expect(strongValidator(new Map(Object.entries(headers)))).toBe(expected);
  });
});

describe('URLs', () => {
  it.each(['ftp://h/x', 'file:///x', 'h/x', '', 'javascript:1'])('refuses %j', (text) => {
    expect(() => parseHttpUrl(text)).toThrow(/give http:\/\/ or https:\/\//);
  });

  it('shows no credentials, and takes them to no other origin', () => {
    const url = parseHttpUrl('http://user:secret@h/x#part');
    expect(showUrl(url)).toBe('http://h/x');
    expect(redirectTarget(url, '/y')?.username).toBe('user');
    expect(redirectTarget(url, 'http://other/y')?.username).toBe('');
    expect(redirectTarget(url, 'file:///etc/passwd')).toBeUndefined();
  });

  it.each([
    ['http://h/files/', '/tmp/a b.bin', 'http://h/files/a%20b.bin'],
    ['http://h/files/c', '/tmp/a.bin', 'http://h/files/c'],
    ['http://h', 'a#?.bin', 'http://h/a%23%3F.bin'],
  ])('sends to %s the file %s as %s', (url, path, expected) => {
    expect(uploadUrl(new URL(url), path).href).toBe(expected);
  });
});
