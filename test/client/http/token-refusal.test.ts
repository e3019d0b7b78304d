// What is told to who holds a token that a real hub refuses: what it covers, or when it ended.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import { fetchListing } from '../../../src/client/tree/remote/list.ts';
import { putFile } from '../../../src/client/upload/put.ts';
import { removeFile } from '../../../src/client/upload/remove.ts';
import { type KeyFile, keyFile, makeToken } from '../../server/access/keys.ts';
import { startHub } from '../../server/hub.ts';
import { removeTempDirs, tempDir } from '../hub.ts';
import { runGet } from '../run-get.ts';

let own: KeyFile;
let base: URL;
let local: string;

beforeEach(async () => {
  own = await keyFile();
  const hub = await startHub({ writable: true, access: { tokenKeyFiles: [own.file] } });
  base = new URL('files/', hub.running.url);
  local = await tempDir();
  await writeFile(join(local, 'small'), 'x');
  await writeFile(join(local, 'large'), Buffer.alloc(5 * 2 ** 20));
});
afterAll(removeTempDirs);

type Wish = Parameters<typeof makeToken>[1];

async function told(wish: Wish | string | undefined, act: (basis: Basis) => Promise<unknown>) {
  const token = typeof wish === 'object' ? await makeToken(own, wish) : wish;
  const access = new Access({ urls: [base], token });
  const basis = {
    access,
    stallMs: 2000,
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  return act(basis).then(
    () => 'done',
    (error: Error) => error.message,
  );
}

interface Basis {
  readonly access: Access;
  readonly stallMs: number;
  readonly emit: () => undefined;
  readonly signal: AbortSignal;
}

const putOf =
  (name: string, place: string) =>
  (basis: Basis): Promise<unknown> =>
    putFile({ ...basis, path: join(local, name), url: new URL(place, base) });
const getOf =
  (place: string) =>
  async ({ access }: Basis): Promise<unknown> => {
    const { error } = await runGet([new URL(place, base)], { access, output: join(local, 'got') });
    if (error) throw error;
    return undefined;
  };

const INBOX: Wish = { scopes: ['write', 'read'], paths: ['in box', 'drop'] };
const COVERS = 'the token does not cover that: it allows to write, read at and below';

describe('a token that does not cover a path', () => {
  it.each<[string, (basis: Basis) => Promise<unknown>]>([
    ['put', putOf('small', 'other/')],
    ['put by tus', putOf('large', 'other/')],
    ['rm', (basis) => removeFile({ ...basis, url: new URL('other/f', base) })],
    ['get', getOf('other/f')],
    [
      'ls',
      ({ access, signal }) =>
        fetchListing(new URL('other/', base), { stallMs: 2000 }, signal, access),
    ],
    [
      'put -r',
      (basis) =>
        putDirectory({ ...basis, path: local, url: new URL('other/', base), remove: false }),
    ],
  ])('is told what it covers: %s', async (_, act) => {
    const line = await told(INBOX, act);
    expect(line).toContain(`403 Forbidden: ${COVERS} /files/in box, /files/drop`);
    expect(line).not.toContain('takes no uploads');
  });

  it('or a scope, is told which it has', async () => {
    const line = await told({ scopes: ['read'] }, putOf('small', 'f'));
    expect(line).toContain(
      '403 Forbidden: the token does not cover that: it allows to read, every',
    );
  });

  it('opens what it covers', async () => {
    expect(await told(INBOX, putOf('small', 'drop/f'))).toBe('done');
  });
});

describe('a token that is not taken', () => {
  it.each<[string, Wish | string, RegExp]>([
    ['has expired', { expiresInMs: -3_600_000 }, /401 Unauthorized: the token expired at 20\d\d-/],
    ['is no token of a hub', 'abc', /401 Unauthorized: the token is not taken there$/],
    ['is not JSON inside', 'a.e30.b', /401 Unauthorized: the token is not taken there$/],
  ])('%s', async (_, token, line) => {
    expect(await told(token, putOf('small', 'f'))).toMatch(line);
    expect(await told(token, getOf('f'))).toMatch(line);
  });

  it('is of another key', async () => {
    const token = await makeToken(await keyFile(), INBOX);
    expect(await told(token, putOf('small', 'f'))).toContain('(another key, or revoked)');
  });

  it('is none at all', async () => {
    expect(await told(undefined, putOf('small', 'f'))).toContain('401 Unauthorized: it may want a');
  });
});
