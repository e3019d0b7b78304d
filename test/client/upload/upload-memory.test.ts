// What the client keeps of an unfinished upload between runs: no credentials, for no other user.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { UploadMemory } from '../../../src/client/upload/upload-memory.ts';
import { removeTempDirs, tempDir } from '../hub.ts';

afterAll(removeTempDirs);
afterEach(() => void vi.unstubAllEnvs());

it.each([
  'http://user:secret@127.0.0.1:1/uploads/1',
  'https://secret@example.org/hub/uploads/1',
  'http://:secret@127.0.0.1:1/uploads/1',
  'http://user:s%65cret%20secret@127.0.0.1:1/uploads/1',
])('keeps %s without its credentials', async (text) => {
  const state = await tempDir();
  vi.stubEnv('XDG_STATE_HOME', state);
  const memory = new UploadMemory(['f', 1, text]);
  await memory.save(new URL(text));
  const directory = join(state, 'hubswarm', 'uploads');
  const [name = '', ...others] = await readdir(directory);
  expect(others).toEqual([]);
  const kept = `${name} ${await readFile(join(directory, name), 'utf8')}`;
  expect(kept).not.toMatch(/secret|s%65cret|user/);
  const plain = new URL(text);
  plain.username = '';
  plain.password = '';
  expect((await memory.load())?.href).toBe(plain.href);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  await memory.forget();
  expect(await memory.load()).toBe(undefined);
  expect(await readdir(directory)).toEqual([]);
});

it('takes a damaged file for none', async () => {
  vi.stubEnv('XDG_STATE_HOME', await tempDir());
  expect(await new UploadMemory(['f']).load()).toBe(undefined);
});
