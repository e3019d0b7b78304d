import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AccessOptions } from '../../../src/hub/access/access.ts';
import type { Scope } from '../../../src/hub/access/rights.ts';
import { type Hub, type HubOptions, startHub, tempRoot } from '../hub.ts';
import {
  basic,
  bearer,
  ed25519,
  forge,
  type KeyFile,
  keyFile,
  makeToken,
  pem,
  writeTemp,
} from './keys.ts';

let own: KeyFile;

beforeEach(async () => {
  own = await keyFile();
});

async function startGuarded(access: AccessOptions = {}, writable = true): Promise<Hub> {
  const root = await tempRoot();
  for (const name of ['photos/2024', 'photos2', 'private']) {
    await mkdir(join(root, name), { recursive: true });
    await writeFile(join(root, name, 'f'), `in ${name}`);
  }
  return startHub({ root, writable, access: { tokenKeyFiles: [own.file], ...access } });
}

const put = (hub: Hub, path: string, headers = {}) =>
  hub.ask(path, { method: 'PUT', body: Buffer.from('new'), headers });

describe('tokens', () => {
  it.each<[string, Scope[], string[] | undefined, string, string, number]>([
    ['anything below its path', ['read'], ['photos'], 'GET', '/files/photos/2024/f', 200],
    ['the path itself', ['read'], ['photos/2024/f'], 'GET', '/files/photos/2024/f', 200],
    ['one of several paths', ['read'], ['private', 'photos'], 'GET', '/files/photos/2024/f', 200],
    ['everything', ['read'], undefined, 'GET', '/files/private/f', 200],
    ['an escaped spelling', ['read'], ['photos'], 'GET', '/files/%70hotos/2024/f', 200],
    ['no path at all', ['read'], [], 'GET', '/files/photos/2024/f', 403],
    ['a sibling', ['read'], ['photos'], 'GET', '/files/private/f', 403],
    ['a name that begins alike', ['read'], ['photos'], 'GET', '/files/photos2/f', 403],
    ['a parent', ['read'], ['photos/2024'], 'PUT', '/files/photos/f', 403],
    ['a way out by dots', ['read'], ['photos'], 'GET', '/files/photos/../private/f', 400],
    ['a way out by escapes', ['read'], ['photos'], 'GET', '/files/photos/%2e%2e/private/f', 400],
    ['a way out by %2f', ['read'], ['photos'], 'GET', '/files/photos%2f..%2fprivate/f', 400],
    ['what is not there', ['read'], ['photos'], 'GET', '/files/private/none', 403],
    ['to read with write', ['write'], undefined, 'GET', '/files/private/f', 403],
    ['to read a listing with write', ['write'], undefined, 'GET', '/files/', 403],
    ['to write', ['write'], ['photos'], 'PUT', '/files/photos/new', 201],
    ['to replace', ['write'], ['photos'], 'PUT', '/files/photos/2024/f', 204],
    ['to write with read', ['read'], undefined, 'PUT', '/files/photos/new', 403],
    ['to write with delete', ['delete'], undefined, 'PUT', '/files/photos/new', 403],
    ['to write elsewhere', ['write'], ['photos'], 'PUT', '/files/private/new', 403],
    ['to write beside', ['write'], ['photos'], 'PUT', '/files/photos2/new', 403],
  ])('%s: %o on %o, %s %s -> %i', async (_what, scopes, paths, method, path, status) => {
    const hub = await startGuarded();
    const token = await makeToken(own, { scopes, ...(paths && { paths }) });
    const body = method === 'PUT' ? { body: Buffer.from('new') } : {};
    const answer = await hub.ask(path, { method, headers: bearer(token), ...body });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.headers['www-authenticate']).toContain('insufficient_scope');
  });

  it('come as Bearer or as the password of Basic, and not in the URL', async () => {
    const hub = await startGuarded();
    const token = await makeToken(own, { subject: 'ann' });
    expect((await hub.ask('/files/private/f', { headers: bearer(token) })).status).toBe(200);
    expect((await hub.ask('/files/private/f', { headers: basic(token) })).status).toBe(200);
    expect((await hub.ask(`/files/private/f?access_token=${token}`)).status).toBe(401);
    const { subject } = await hub.until('request_completed', ({ status }) => status === 200);
    expect(subject).toBe('ann');
  });

  it('are asked for with both schemes, without saying what is there', async () => {
    const hub = await startGuarded();
    const [file, none] = [await hub.ask('/files/private/f'), await hub.ask('/files/none')];
    expect(file).toMatchObject({ status: 401, text: none.text });
    expect(none.status).toBe(401);
    expect(file.headers['www-authenticate']).toBe(
      'Bearer realm="hubswarm", Basic realm="hubswarm", charset="UTF-8"',
    );
    for (const path of ['/files/', '/files/private', `/ipfs/bafkqaaa`]) {
      expect((await hub.ask(path)).status).toBe(401);
    }
    expect((await hub.ask('/healthz')).status).toBe(200);
  });

  it.each<[string, (own: KeyFile) => string | Promise<string>, RegExp]>([
    ['of another key', () => forge(ed25519().privateKey, 'EdDSA'), /not signed by a key/],
    ['that has expired', (key) => makeToken(key, { expiresInMs: -10_000 }), /expired/],
    [
      'that is not valid yet',
      ({ key }) => forge(key.signing!, 'EdDSA', { nbf: Date.now() / 1000 + 60 }),
      /not valid yet/,
    ],
    ['for another service', ({ key }) => forge(key.signing!, 'EdDSA', { aud: 'x' }), /claim aud/],
    ['without a scope', ({ key }) => forge(key.signing!, 'EdDSA', { scope: 1 }), /no scope/],
    [
      'with paths that are none',
      ({ key }) => forge(key.signing!, 'EdDSA', { paths: '/' }),
      /paths/,
    ],
    ['with dots', ({ key }) => forge(key.signing!, 'EdDSA', { paths: ['a/../b'] }), /\.\./],
    [
      'signed with the public key as a secret',
      ({ key }) => forge(Buffer.from(pem(key.verifying)), 'HS256'),
      /not taken here/,
    ],
    ['signed with HS256', () => forge(randomBytes(32), 'HS256'), /not taken here/],
    ['signed by nobody', () => unsigned('none'), /not taken here/],
    ['signed by nobody, spelled otherwise', () => unsigned('nOnE'), /not taken here/],
    ['that was tampered with', async (key) => tamper(await makeToken(key)), /not signed by a key/],
    ['that is none', () => 'abc', /malformed/],
    ['that is endless', () => 'a'.repeat(5000), /too long/],
  ])('%s are refused with 401', async (_what, make, reason) => {
    const hub = await startGuarded({ publicRead: true });
    const answer = await hub.ask('/files/private/f', { headers: bearer(await make(own)) });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(reason);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each(['Digest x', 'Bearer', 'Bearer a b', 'Basic !', `Basic ${btoa('nocolon')}`])(
    'a malformed Authorization is refused: %s',
    async (authorization) => {
      const hub = await startGuarded();
      const answer = await hub.ask('/files/private/f', { headers: { authorization } });
      expect(answer.status).toBe(401);
    },
  );

  it('that expire are refused from then on, though they were known', async () => {
    const hub = await startGuarded();
    const now = Math.floor(Date.now() / 1000);
    // Within the tolerance of clocks for three more seconds.
    const token = await forge(own.key.signing!, 'EdDSA', { exp: now - 2 });
    const ask = async () => (await hub.ask('/files/private/f', { headers: bearer(token) })).status;
    expect(await ask()).toBe(200);
    await expect.poll(ask, { timeout: 9000 }).toBe(401);
  });

  it('of a secret, a public PEM and a new key are told apart by their key alone', async () => {
    const secret = randomBytes(32).toString('hex');
    const { publicKey, privateKey } = ed25519();
    const files = [await writeTemp(`${secret}\n`), await writeTemp(pem(publicKey)), own.file];
    const hub = await startGuarded({ tokenKeyFiles: files });
    const status = async (token: string) =>
      (await hub.ask('/files/private/f', { headers: bearer(token) })).status;
    expect(await status(await forge(Buffer.from(secret), 'HS256'))).toBe(200);
    expect(await status(await forge(privateKey, 'EdDSA'))).toBe(200);
    expect(await status(await makeToken(own))).toBe(200);
    expect(await status(await forge(Buffer.from(pem(publicKey).trim()), 'HS256'))).toBe(401);
    const expired = await makeToken(own, { expiresInMs: -9000 });
    expect((await hub.ask('/files/', { headers: bearer(expired) })).text).toContain('expired');
  });

  it('may be left out for reading with publicRead, and never for writing', async () => {
    const hub = await startGuarded({ publicRead: true });
    expect((await hub.ask('/files/private/f')).status).toBe(200);
    expect((await put(hub, '/files/new')).status).toBe(401);
    const writer = await makeToken(own, { scopes: ['write'], paths: ['photos'] });
    expect((await put(hub, '/files/photos/new', bearer(writer))).status).toBe(201);
    // Who has a token may not less than who has none.
    expect((await hub.ask('/files/private/f', { headers: bearer(writer) })).status).toBe(200);
  });

  it('make no hub writable that is not', async () => {
    const hub = await startGuarded({}, false);
    const token = await makeToken(own, { scopes: ['write'] });
    const answer = await put(hub, '/files/new', bearer(token));
    expect(answer).toMatchObject({ status: 403 });
    expect(answer.text).toContain('--writable');
  });

  it.each<[Scope[], string[], string, number]>([
    [['delete'], ['photos'], '/files/photos/2024/f', 204],
    [['delete'], ['photos'], '/files/private/f', 403],
    [['read', 'write'], ['photos'], '/files/photos/2024/f', 403],
  ])('allow %o on %o to delete %s: %i', async (scopes, paths, path, status) => {
    const hub = await startGuarded();
    const headers = bearer(await makeToken(own, { scopes, paths }));
    expect((await hub.ask(path, { method: 'DELETE', headers })).status).toBe(status);
    expect((await hub.ask(path, { method: 'DELETE' })).status).toBe(401);
  });

  it.each<[Scope[], string[], string, number]>([
    [['write', 'delete'], ['photos'], '/files/photos/2024', 204],
    [['write'], ['photos'], '/files/photos/2024', 403],
    [['write', 'delete'], ['photos'], '/files/photos/2024/f/new', 201],
    [['write'], ['photos'], '/files/photos/2024/f/new', 403],
  ])('allow %o on %o to replace by %s: %i', async (scopes, paths, path, status) => {
    const hub = await startGuarded();
    const headers = bearer(await makeToken(own, { scopes, paths }));
    const wish = { ...headers, 'x-hubswarm-replace': 'tree' };
    expect((await put(hub, path, wish)).status).toBe(status);
    const now = await hub.ask('/files/photos/2024/f', { headers: bearer(await makeToken(own)) });
    expect(now.status).toBe(status === 204 ? 404 : 200);
    expect(now.text === 'in photos/2024').toBe(status === 403);
  });

  it('are asked by resumable uploads for the path that is to be, at each step', async () => {
    const hub = await startGuarded();
    const mine = bearer(await makeToken(own, { scopes: ['write'], paths: ['photos'] }));
    const other = bearer(await makeToken(own, { scopes: ['write'], paths: ['private'] }));
    const reader = bearer(await makeToken(own, { scopes: ['read'] }));
    const create = (path: string, headers: object) =>
      hub.ask('/uploads/', {
        method: 'POST',
        headers: {
          ...headers,
          'tus-resumable': '1.0.0',
          'upload-length': '3',
          'upload-metadata': `path ${btoa(path)}`,
        },
      });
    for (const [path, headers, status] of [
      ['photos/new', {}, 401],
      ['photos/new', reader, 403],
      ['photos/new', other, 403],
      ['photos/../private/new', mine, 400],
      ['photos/new', mine, 201],
    ] as const) {
      expect((await create(path, headers)).status).toBe(status);
    }
    const { location } = (await create('photos/new', mine)).headers;
    const patch = (headers: object) =>
      hub.ask(location!, {
        method: 'PATCH',
        body: Buffer.from('abc'),
        headers: {
          ...headers,
          'tus-resumable': '1.0.0',
          'upload-offset': '0',
          'content-type': 'application/offset+octet-stream',
        },
      });
    const statuses = [await patch({}), await patch(other), await patch(mine)].map((a) => a.status);
    expect(statuses).toEqual([401, 403, 204]);
    const all = bearer(await makeToken(own));
    expect((await hub.ask('/files/photos/new', { headers: all })).text).toBe('abc');
  });

  it('that are revoked hold no more, from the next look at the list', async () => {
    const revokedFile = await writeTemp('# nobody yet\n');
    const hub = await startGuarded({ revokedFile });
    const [lost, kept] = [
      await makeToken(own, { id: 'lost' }),
      await makeToken(own, { id: 'kept' }),
    ];
    const status = async (token: string) =>
      (await hub.ask('/files/private/f', { headers: bearer(token) })).status;
    expect([await status(lost), await status(kept)]).toEqual([200, 200]);
    await writeFile(`${revokedFile}.new`, 'lost # on the train\n');
    await rename(`${revokedFile}.new`, revokedFile);
    await expect.poll(() => status(lost), { timeout: 8000 }).toBe(401);
    expect(await status(kept)).toBe(200);
    await rm(revokedFile);
    await hub.until('warned');
    expect(await status(lost)).toBe(401);
  });

  it('of a key that was replaced hold no more after reload(), and a bad key changes nothing', async () => {
    const hub = await startGuarded();
    const token = await makeToken(own);
    const status = async () =>
      (await hub.ask('/files/private/f', { headers: bearer(token) })).status;
    expect(await status()).toBe(200);
    await writeFile(own.file, 'too short');
    await hub.running.reload();
    expect((await hub.until('warned')).message).toContain('too short for a secret');
    expect(await status()).toBe(200);
    await writeFile(own.file, pem(ed25519().publicKey));
    await hub.running.reload();
    expect(await status()).toBe(401);
  });
});

describe('a hub with tokens', () => {
  const openWire = /tokens come in the clear/;
  const warnings = async (options: HubOptions) => {
    const hub = await startHub({
      ...options,
      access: { tokenKeyFiles: [own.file], ...options.access },
    });
    return hub.events.filter((event) => event.event === 'warned' && openWire.test(event.message))
      .length;
  };

  it('warns when they come in the clear over a network, and only then', async () => {
    const host = '0.0.0.0';
    expect(await warnings({ host })).toBe(1);
    expect(await warnings({})).toBe(0);
    expect(
      await warnings({ host, tls: { kind: 'self_signed', directory: await tempRoot() } }),
    ).toBe(0);
    expect(await warnings({ host, access: { trustedProxies: ['10.0.0.1'] } })).toBe(0);
  });

  it('verifies a crowd of tokens at once, good and forged ones', async () => {
    const hub = await startGuarded();
    const forged = await forge(ed25519().privateKey, 'EdDSA');
    const good = await Promise.all(
      Array.from({ length: 20 }, (_, i) => makeToken(own, { id: `${i}` })),
    );
    const statuses = await Promise.all(
      good.flatMap((token) =>
        [token, forged].map(async (bearing) => {
          const answer = await hub.ask('/files/private/f', { headers: bearer(bearing) });
          return answer.status;
        }),
      ),
    );
    expect(statuses).toEqual(good.flatMap(() => [200, 401]));
  });
});

describe('what a token with a path sees', () => {
  it('of a listing: what it may read, and the way there', async () => {
    const hub = await startGuarded();
    const token = await makeToken(own, { paths: ['photos/2024'] });
    const names = async (path: string) => {
      const answer = await hub.ask(`${path}?format=json`, { headers: bearer(token) });
      if (answer.status !== 200) return answer.status;
      return JSON.parse(answer.text).entries.map(({ name }: { name: string }) => name);
    };
    await writeFile(join(hub.root, 'photos', 'beside'), '');
    expect(await names('/files/')).toEqual(['photos']);
    expect(await names('/files/photos/')).toEqual(['2024']);
    expect(await names('/files/photos')).toEqual(['2024']);
    expect(await names('/files/photos/2024/')).toEqual(['f']);
    const parts = ['/files/', '/files/photos/', '/files/photos/2024/'].map(async (path) => {
      const { text } = await hub.ask(`${path}?format=json`, { headers: bearer(token) });
      return JSON.parse(text).incomplete;
    });
    expect(await Promise.all(parts)).toEqual([true, true, undefined]);
    expect(await names('/files/private/')).toBe(403);
    expect(await names('/files/photos2/')).toBe(403);
    expect(await names('/files/none/')).toBe(403);
  });

  it('of an archive: what it may read, packed as if there were nothing else', async () => {
    const hub = await startGuarded();
    const headers = bearer(await makeToken(own, { paths: ['photos/2024'] }));
    const packed = async (path: string) => (await hub.ask(`${path}?archive=tar`, { headers })).body;
    const all = (await packed('/files/')).toString('latin1');
    expect(all).toContain('in photos/2024');
    expect(all).not.toMatch(/in photos2|in private|photos2|private/);
    expect((await hub.ask('/files/private/?archive=tar', { headers })).status).toBe(403);
    expect((await hub.ask('/files/?archive=tar')).status).toBe(401);
  });

  it('of blocks: those of files that it may read, inner ones too', async () => {
    const hub = await startGuarded();
    const all = bearer(await makeToken(own));
    const some = bearer(await makeToken(own, { paths: ['photos'] }));
    const writer = bearer(await makeToken(own, { scopes: ['write'] }));
    // Two pieces, so that the root is an inner node.
    const [shared, secret] = [Buffer.alloc(2 ** 18, 1), randomBytes(2 ** 17)];
    await writeFile(join(hub.root, 'photos', 'big'), shared);
    await writeFile(join(hub.root, 'private', 'big'), secret);
    const root = async (path: string) =>
      String((await hub.ask(path, { headers: all })).headers['x-ipfs-roots']);
    const [open, hidden] = [await root('/files/photos/big'), await root('/files/private/big')];
    const ask = (cid: string, headers: object) =>
      hub.ask(`/ipfs/${cid}?format=raw`, { headers: { ...headers } });
    expect((await ask(open, some)).status).toBe(200);
    expect((await ask(hidden, some)).status).toBe(404);
    expect((await ask(hidden, all)).status).toBe(200);
    expect((await ask(open, writer)).status).toBe(403);
    expect((await ask(open, {})).status).toBe(401);
    // A cache that many share must not hand it on.
    expect((await ask(open, all)).headers['cache-control']).toMatch(/^private/);
  });

  it('of a small file that others keep in memory: nothing', async () => {
    const hub = await startGuarded();
    const all = bearer(await makeToken(own));
    const some = bearer(await makeToken(own, { paths: ['photos'] }));
    for (let i = 0; i < 3; i++) {
      expect((await hub.ask('/files/private/f', { headers: all })).status).toBe(200);
      expect((await hub.ask('/files/private/f', { headers: some })).status).toBe(403);
      expect((await hub.ask('/files/private/f')).status).toBe(401);
    }
  });
});

describe('a link within the path of a token', () => {
  let hub: Hub;
  let headers: { authorization: string };
  const ask = (path: string, options = {}) => hub.ask(path, { headers, ...options });
  const body = Buffer.from('new');

  beforeEach(async () => {
    hub = await startGuarded();
    for (const [name, target] of [
      ['out', '../private'],
      ['out-f', '../private/f'],
      ['in', '2024'],
    ] as const) {
      await symlink(target, join(hub.root, 'photos', name));
    }
    const scopes: Scope[] = ['read', 'write', 'delete'];
    headers = bearer(await makeToken(own, { scopes, paths: ['photos'] }));
  });

  it.each([
    ['GET', 'out/f'],
    ['HEAD', 'out/f'],
    ['GET', 'out-f'],
    ['GET', 'out'],
    ['GET', 'out/'],
    ['GET', 'out/?archive=tar'],
    ['PUT', 'out/f'],
    ['PUT', 'out/new'],
    ['PUT', 'out/new/deep/f'],
    ['PUT', 'out-f'],
    ['DELETE', 'out/f'],
    ['DELETE', 'out'],
    ['DELETE', 'out-f'],
  ])('is no way out of it: %s %s -> 403', async (method, path) => {
    const options = { method, ...(method === 'PUT' ? { body } : {}) };
    expect((await ask(`/files/photos/${path}`, options)).status).toBe(403);
    expect(await readdir(join(hub.root, 'private'))).toEqual(['f']);
    expect(await readFile(join(hub.root, 'private', 'f'), 'utf8')).toBe('in private');
    expect(await readdir(join(hub.root, 'photos'))).toHaveLength(4);
  });

  it.each(['photos/out/new', 'photos/out/deep/new', 'photos/out-f'])(
    'is no way out of it for resumable uploads: %s',
    async (path) => {
      const answer = await ask('/uploads/', {
        method: 'POST',
        headers: {
          ...headers,
          'tus-resumable': '1.0.0',
          'upload-length': '3',
          'upload-metadata': `path ${btoa(path)}`,
        },
      });
      expect(answer.status).toBe(403);
    },
  );

  it('is not shown when it leads out of it', async () => {
    const listing = JSON.parse((await ask('/files/photos/?format=json')).text);
    expect(listing.entries.map(({ name }: { name: string }) => name)).toEqual(['2024', 'in']);
    expect(listing.incomplete).toBe(true);
    const packed = (await ask('/files/photos/?archive=tar')).body.toString('latin1');
    expect(packed).toContain('in photos/2024');
    expect(packed).not.toContain('in private');
  });

  it('is followed where it leads within it, or within another path of the token', async () => {
    expect((await ask('/files/photos/in/f')).text).toBe('in photos/2024');
    expect((await ask('/files/photos/in/new/f', { method: 'PUT', body })).status).toBe(201);
    expect((await ask('/files/photos/in/new/f', { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/files/photos/in', { method: 'DELETE' })).status).toBe(204);
    headers = bearer(await makeToken(own, { paths: ['photos', 'private'] }));
    expect((await ask('/files/photos/out/f')).text).toBe('in private');
    headers = bearer(await makeToken(own, { paths: ['private'] }));
    expect((await ask('/files/photos/out/f')).status).toBe(403);
  });

  it('gives no file that others keep in memory', async () => {
    const all = bearer(await makeToken(own));
    for (let i = 0; i < 3; i++) {
      expect((await ask('/files/photos/out/f', { headers: all })).status).toBe(200);
      expect((await ask('/files/photos/out/f')).status).toBe(403);
    }
  });
});

describe('key files', () => {
  it.each<[string, () => string, RegExp]>([
    ['a short secret', () => 'password', /too short for a secret/],
    ['an empty file', () => '', /too short for a secret/],
    ['a short oct JWK', () => '{"kty":"oct","k":"YWJj"}', /too short for a secret/],
    ['broken JSON', () => '{"kty":', /not a key/],
    ['a broken PEM', () => '-----BEGIN PUBLIC KEY-----\nx\n', /not a key/],
    [
      'an RSA key, never taken for a secret',
      () => pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
      /of another kind/,
    ],
    [
      'a key of another curve',
      () => JSON.stringify(ec().publicKey.export({ format: 'jwk' })),
      /of another kind/,
    ],
  ])('%s is refused at the start', async (_what, text, reason) => {
    const access = { tokenKeyFiles: [await writeTemp(text())] };
    const error = await startHub({ access }).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'ERR_USAGE' });
    expect((error as Error).message).toMatch(reason);
  });

  it('that is missing is said, and one that others may read is warned of', async () => {
    const access = { tokenKeyFiles: [join(await tempRoot(), 'none')] };
    await expect(startHub({ access })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    const open = join(await tempRoot(), 'key');
    await writeFile(open, randomBytes(32).toString('hex'), { mode: 0o644 });
    const hub = await startHub({ access: { tokenKeyFiles: [open] } });
    expect((await hub.until('warned')).message).toContain('chmod 600');
  });
});

const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const unsigned = (alg: string): string =>
  `${encode({ alg, typ: 'JWT' })}.${encode({ aud: 'hubswarm', scope: 'read' })}.`;

function tamper(token: string): string {
  const [head, body, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  return `${head}.${encode({ ...claims, scope: 'read write delete' })}.${signature}`;
}
