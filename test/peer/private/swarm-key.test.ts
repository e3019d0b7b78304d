import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey } from '@libp2p/pnet';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeSwarmKey, readSwarmKey } from '../../../src/peer/private/swarm-key.ts';

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7 + 1));
const HEX = BYTES.toString('hex');
const TEXT = `/key/swarm/psk/1.0.0/\n/base16/\n${HEX}`;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'swarm-key-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

async function reading(bytes: string | Uint8Array) {
  const path = join(dir, 'key');
  await writeFile(path, bytes, { mode: 0o600 });
  return readSwarmKey(path);
}

describe('readSwarmKey', () => {
  it.each([
    ['as the library writes it, without a last newline', TEXT],
    ['with one', `${TEXT}\n`],
    ['with lines of Windows', `${TEXT.replaceAll('\n', '\r\n')}\r\n`],
    ['with blank lines round it', `\n${TEXT}\n\n`],
    ['in capitals', TEXT.replace(HEX, HEX.toUpperCase())],
    ['in base64', `/key/swarm/psk/1.0.0/\n/base64/\n${BYTES.toString('base64')}\n`],
    ['in base64url', `/key/swarm/psk/1.0.0/\n/base64/\n${BYTES.toString('base64url')}`],
    ['as bytes', Buffer.concat([Buffer.from('/key/swarm/psk/1.0.0/\n/bin/\n'), BYTES])],
  ])('takes a key %s', async (_how, file) => {
    const key = await reading(file);
    expect(key).toMatchObject({ text: TEXT, exposed: false });
    expect(key.swarm).toMatch(/^[\da-f]{10}$/);
    expect(TEXT).not.toContain(key.swarm);
  });

  it('takes what the library generates', async () => {
    const bytes = new Uint8Array(95);
    generateKey(bytes);
    expect((await reading(bytes)).text).toBe(Buffer.from(bytes).toString());
  });

  it.each([
    ['nothing', ''],
    ['a token key', '{"kty":"OKP","crv":"Ed25519","x":"AA"}'],
    ['one hexadecimal digit too few', TEXT.slice(0, -1)],
    ['one too many', `${TEXT}0`],
    ['another digit', `${TEXT.slice(0, -1)}g`],
    ['another version', TEXT.replace('1.0.0', '2.0.0')],
    ['another encoding', TEXT.replace('base16', 'base58')],
    [
      'base64 of 31 bytes',
      `/key/swarm/psk/1.0.0/\n/base64/\n${BYTES.subarray(1).toString('base64')}`,
    ],
    ['too few bytes', '/key/swarm/psk/1.0.0/\n/bin/\nshort'],
  ])('refuses %s in one line that says what to give', async (_what, file) => {
    await expect(reading(file)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(/^[^\n]*key: not the key of a swarm; give a file as [^\n]*$/),
    });
  });

  it.each([
    ['that is not there', async () => join(dir, 'none')],
    ['that is a directory', async () => dir],
    [
      'that is long',
      async () => {
        await writeFile(join(dir, 'long'), TEXT.padEnd(2 ** 20));
        return join(dir, 'long');
      },
    ],
    [
      'without end',
      async () => {
        await symlink('/dev/zero', join(dir, 'endless'));
        return join(dir, 'endless');
      },
    ],
  ])('refuses a file %s', async (_what, make) => {
    await expect(readSwarmKey(await make())).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: expect.stringContaining('hubswarm swarm-key FILE'),
    });
  });

  it('tells when others can read it', async () => {
    await reading(TEXT);
    await chmod(join(dir, 'key'), 0o640);
    expect((await readSwarmKey(join(dir, 'key'))).exposed).toBe(true);
  });
});

describe('makeSwarmKey', () => {
  it('makes one that only the user can read, and another each time', async () => {
    await makeSwarmKey(join(dir, 'a'));
    await makeSwarmKey(join(dir, 'b'));
    const [a, b] = [await readSwarmKey(join(dir, 'a')), await readSwarmKey(join(dir, 'b'))];
    expect(a.text).not.toBe(b.text);
    expect(a.swarm).not.toBe(b.swarm);
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o600);
  });

  it('never replaces a file', async () => {
    await writeFile(join(dir, 'a'), 'mine');
    await expect(makeSwarmKey(join(dir, 'a'))).rejects.toMatchObject({ code: 'ERR_EXISTS' });
    expect(await readFile(join(dir, 'a'), 'utf8')).toBe('mine');
  });
});
