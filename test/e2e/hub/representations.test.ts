import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, scratch, start } from '../binary.ts';

it('server --cache-control and --no-compress show in what it sends', async () => {
  const root = await scratch();
  await writeFile(join(root, 'a.txt'), 'text '.repeat(1000));
  const value = 'public, max-age=60, no-transform';
  const args = ['--root', root, '--port', '0', '--cache-control', value, '--no-compress'];
  const { addresses } = await start(['server', '--json', ...args]).until('listening');
  // fetch takes what is compressed unless told otherwise.
  const { headers } = await fetch(`${addresses[0]}files/a.txt`);
  expect(headers.get('cache-control')).toBe(value);
  expect(headers.get('content-encoding')).toBe(null);
  expect(headers.get('content-length')).toBe('5000');
});

it.each(['', 'max-age = 3', 'public,, private', 'a\r\nSet-Cookie: b', 'max-age="3'])(
  'server --cache-control %j is refused in one line',
  async (value) => {
    const ended = await run(['server', '--port', '0', '--cache-control', value]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain("give directives, as in 'public, max-age=3600'");
  },
);

it.each([
  ['ftp://127.0.0.1/', "--mirror: 'ftp://127.0.0.1/' has the scheme 'ftp:'"],
  ['127.0.0.1', "--mirror: '127.0.0.1' is not a URL"],
  ['http://user:secret@127.0.0.1/', "--mirror: 'http://127.0.0.1/' has a query or credentials"],
  ['http://127.0.0.1/?a=b', "--mirror: 'http://127.0.0.1/?a=b' has a query or credentials"],
])('server --mirror %j is refused in one line', async (url, line) => {
  const ended = await run(['server', '--port', '0', '--mirror', 'http://127.0.0.1/', url]);
  expect(ended.code).toBe(2);
  expect(ended.stderr.trim().split('\n')).toEqual([expect.stringContaining(line)]);
});
