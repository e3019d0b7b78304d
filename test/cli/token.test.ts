import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tokenCommand } from '../../src/cli/token.ts';
import { scratch } from '../e2e/binary.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What the command prints. */
async function token(...args: string[]): Promise<string> {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  const program = new Command('hubswarm').addCommand(tokenCommand());
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(['token', ...args], { from: 'user' });
  return printed.trim();
}

const claimsOf = (jwt: string) =>
  JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString());

describe('hubswarm token', () => {
  it("makes the user's key on first use, for the user alone, and keeps it", async () => {
    const config = await scratch();
    vi.stubEnv('XDG_CONFIG_HOME', config);
    const file = join(config, 'hubswarm', 'token-key.jwk');
    const first = await token();
    const key = await readFile(file, 'utf8');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const second = await token();
    expect(await readFile(file, 'utf8')).toBe(key);
    expect(claimsOf(first).jti).not.toBe(claimsOf(second).jti);
    expect(JSON.parse(await token('check', first))).toMatchObject({
      scopes: ['read'],
      paths: ['/'],
    });
  });

  it('takes all scopes of an option that is repeated', async () => {
    const key = join(await scratch(), 'key');
    const made = await token('--key', key, '--scope', 'write', '--scope', 'delete,write');
    expect(claimsOf(made).scope).toBe('write delete');
  });

  it('writes the claims that were asked for', async () => {
    const key = join(await scratch(), 'key');
    const options = [
      '--scope',
      'read,write',
      '--path',
      '/a%20b/c/',
      '--path',
      'd',
      '--subject',
      'ann',
    ];
    const jwt = await token('--key', key, ...options, '--expires', '2h');
    const claims = claimsOf(jwt);
    expect(claims).toMatchObject({
      aud: 'hubswarm',
      scope: 'read write',
      paths: ['a b/c', 'd'],
      sub: 'ann',
    });
    expect(claims.exp - claims.iat).toBe(7200);
    const shown = JSON.parse(await token('--key', key, ...options, '--json'));
    expect(shown).toMatchObject({
      scopes: ['read', 'write'],
      paths: ['/a b/c', '/d'],
      subject: 'ann',
    });
    expect(claimsOf(shown.token).jti).toBe(shown.id);
    expect(claimsOf(await token('--key', key, '--expires', 'never'))).not.toHaveProperty('exp');
    const standard = claimsOf(await token('--key', key));
    expect(standard.exp - standard.iat).toBe(30 * 86_400);
  });

  it('prints the public half, which checks tokens and makes none', async () => {
    const dir = await scratch();
    const key = join(dir, 'key');
    const jwt = await token('--key', key);
    const pem = await token('public', '--key', key);
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(dir, 'public.pem'), pem);
    expect(JSON.parse(await token('check', '--key', join(dir, 'public.pem'), jwt)).scopes).toEqual([
      'read',
    ]);
    await expect(token('--key', join(dir, 'public.pem'))).rejects.toThrow(
      /a public key makes no tokens/,
    );
    await expect(token('check', '--key', key, `${jwt}x`)).rejects.toThrow(/not signed by a key/);
  });

  it.each([
    ['--scope', 'admin', /--scope: 'admin' is not known; give read, write, delete/],
    ['--scope', '', /--scope: '' is not known/],
    ['--path', '/a/../b', /--path: .*'\.\.'/],
    ['--path', '/a//b', /--path: .*empty name/],
    ['--path', '/%2e%2e/', /--path: .*'\.\.'/],
    ['--path', '/a%2fb', /--path: .*holds a slash/],
    ['--path', '/100%', /--path: .*malformed escape/],
    ['--path', '/.git/', /--path: .*begin with a dot/],
    ['--expires', '7', /--expires: '7' is not accepted; give a time as in/],
    ['--expires', '0d', /--expires: '0d' is not accepted/],
    ['--expires', '-1d', /--expires: '-1d' is not accepted/],
  ])('refuses %s %o in one line', async (option, value, reason) => {
    const error = await token('--key', join(await scratch(), 'key'), `${option}=${value}`).catch(
      (thrown: unknown) => thrown as Error,
    );
    expect(error).not.toBeInstanceOf(CommanderError);
    expect(error).toMatchObject({ code: 'ERR_USAGE', message: expect.stringMatching(reason) });
  });
});
