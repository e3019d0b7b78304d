// Listings with entries that no hub lists: they are told, and the others are mirrored.
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import { isBounded } from '../../../src/client/tree/remote/json-bound.ts';
import { parseListing } from '../../../src/client/tree/remote/list.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';
import { contents, write } from './trees.ts';

afterAll(removeTempDirs);

const good = (name: string) => ({ name, type: 'file', size: 1, url: name });

/** What comes of `good-1`, the entry, and `good-2`, with a local file that nobody lists. */
async function mirror(entry: unknown) {
  const server = await startServer((request, response) => {
    const entries = [good('good-1'), entry, good('good-2')];
    response.end(request.url === '/files/' ? JSON.stringify({ path: '/', entries }) : 'x');
  });
  onTestFinished(() => server.close());
  const directory = await tempDir();
  await write(directory, { 'd/kept': 'k' });
  const told: string[] = [];
  const error: unknown = await getTree({
    url: new URL('/files/', server.origin),
    directory: `${directory}/d`,
    deleteExtras: true,
    timeoutMs: 2000,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.event === 'path_differed') told.push(`${event.path}: ${event.reason}`);
    },
  }).catch((cause: unknown) => cause);
  return { error, told, found: await contents(directory), seen: server.seen };
}

const GOOD = { d: '/', 'd/good-1': 'x', 'd/good-2': 'x' };

describe('get -r beside an entry', () => {
  it.each([
    '../esc',
    '/abs',
    '',
    '.',
    '..',
    'a/b',
    'nul\0',
    '.hidden',
    '.hubswarm-mirror.json',
    'good-1',
  ])('of the name %j: mirrors the others, deletes nothing and tells', async (name) => {
    const { error, told, found, seen } = await mirror(good(name));
    expect(error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(found).toEqual({ ...GOOD, 'd/kept': 'k' });
    expect(told.some((line) => /not safe to write|twice/.test(line))).toBe(true);
    expect(seen.filter((line) => !/good-|[/]files[/]$/.test(line))).toEqual([]);
  });

  it.each([
    { ...good('x'), type: 'socket' },
    { ...good('x'), name: 5 },
    { ...good('x'), name: null },
    'x',
    null,
    5,
    [],
  ])('%j: mirrors the others, deletes nothing and tells', async (entry) => {
    const { error, told, found } = await mirror(entry);
    expect(error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(found).toEqual({ ...GOOD, 'd/kept': 'k' });
    expect(told).toHaveLength(1);
  });

  it.each([
    { cid: null },
    { modified: null },
    { size: -1 },
    { size: '1' },
    { executable: 'yes' },
    { url: undefined },
  ])('with %j: mirrors it as well', async (field) => {
    const { error, told, found } = await mirror({ ...good('x'), ...field });
    expect([error, told]).toEqual([undefined, []]);
    expect(found).toEqual({ ...GOOD, 'd/x': 'x' });
  });
});

describe('JSON of a listing', () => {
  const entry = JSON.stringify({ ...good('[{"'), cid: 'b', modified: 'T10:00:00', link: false });

  it.each([
    ['opened without end', '['.repeat(300_001)],
    ['deep', `${'['.repeat(17)}${']'.repeat(17)}`],
    ['of empty objects', `[${'{},'.repeat(300_000)}{}]`],
    ['of lists', `{"path":"/","entries":[${'[],'.repeat(300_000)}[]]}`],
    ['of one large object', `{${'"a":1,'.repeat(3_000_000)}"a":1}`],
  ])('%s is not parsed', (_, json) => {
    expect(isBounded(Buffer.from(json))).toBe(false);
    expect(() => parseListing(Buffer.from(json))).toThrow('not the listing of a hub');
  });

  it('is parsed with as many entries as fit, whatever their texts hold', () => {
    const listing = `{"path":"/","entries":[${`${entry},`.repeat(100_000)}${entry}]}`;
    expect(isBounded(Buffer.from(listing))).toBe(true);
  });
});
