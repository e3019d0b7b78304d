// Several arguments of one command: none undoes another, and one that fails does not stop the others.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, scratch, start } from '../binary.ts';

async function hub(): Promise<{ root: string; url: string }> {
  const root = await scratch();
  const running = start(['server', root, '--port', '0', '--json', '--writable']);
  return { root, url: `${(await running.until('listening')).addresses[0]!}files/` };
}

/** Files of those paths, which hold their path. */
async function local(...paths: string[]): Promise<(path: string) => string> {
  const at = await scratch();
  for (const path of paths) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), path);
  }
  return (path) => join(at, path);
}

describe('client put A B URL', () => {
  it('overwrites nothing that it has just sent', async () => {
    const { root, url } = await hub();
    const at = await local('d1/same', 'd2/same', 'd2/\u00e9', 'd1/e\u0301');
    for (const name of ['same', 'e\u0301']) {
      const other = name === 'same' ? 'd2/same' : 'd2/\u00e9';
      const put = await run(['client', 'put', at(`d1/${name}`), at(other), url]);
      expect(put).toMatchObject({ code: 1 });
      expect(put.stderr).toContain(
        `${at(other)}: not sent: another of that name was just sent there`,
      );
      expect(put.stdout).toContain(`${url}${encodeURIComponent(name)}\n`);
      expect(await readFile(join(root, name), 'utf8')).toBe(`d1/${name}`);
    }
    expect(await readdir(root)).toHaveLength(2);
  });

  it('-r merges directories of one name, and overwrites nothing that it has just sent', async () => {
    const { root, url } = await hub();
    const at = await local(
      'a/x/f',
      'a/x/one',
      'a/x/dir/g',
      'b/x/f',
      'b/x/two',
      'b/x/one/h',
      'b/x/dir',
    );
    const put = await run(['client', 'put', '-r', at('a/x'), at('b/x'), url]);
    expect(put).toMatchObject({ code: 1 });
    for (const name of ['f', 'one', 'dir'])
      expect(put.stderr).toContain(`warning: ${name}: another of that name was just sent there`);
    expect((await readdir(join(root, 'x'))).sort()).toEqual(['dir', 'f', 'one', 'two']);
    expect(await readFile(join(root, 'x/f'), 'utf8')).toBe('a/x/f');
    expect(await readFile(join(root, 'x/one'), 'utf8')).toBe('a/x/one');
    expect(await readFile(join(root, 'x/dir/g'), 'utf8')).toBe('a/x/dir/g');
  });

  it('-r --delete removes nothing that it has just sent', async () => {
    const { root, url } = await hub();
    const at = await local('a/x/one', 'b/x/two', 'c/y');
    const put = ['client', 'put', '-r', '--delete', at('a/x'), at('b/x'), at('c/y'), url];
    expect(await run(put)).toMatchObject({ code: 1 });
    expect(await readdir(join(root, 'x'))).toEqual(['one']);
    expect(await readdir(root)).toEqual(['x', 'y']);
  });

  it('sends the others when one cannot be sent, and says what was sent', async () => {
    const { root, url } = await hub();
    const at = await local('f1', 'dir/inside', 'f3', '.hidden', 'f5');
    const paths = ['f1', 'nosuch', 'dir', 'f3', '.hidden', 'f5'].map(at);
    const put = await run(['client', 'put', ...paths, url]);
    expect(put).toMatchObject({ code: 1 });
    expect((await readdir(root)).sort()).toEqual(['f1', 'f3', 'f5']);
    for (const name of ['f1', 'f3', 'f5']) expect(put.stdout).toContain(`${url}${name}\n`);
    const failures = put.stderr.split('\n').filter((line) => line.startsWith('hubswarm: '));
    expect(failures).toEqual([
      `hubswarm: ${at('nosuch')}: no such file or directory`,
      `hubswarm: ${at('dir')}: is a directory; -r sends it`,
      expect.stringContaining('.hidden: 403 Forbidden'),
    ]);
  });

  it('keeps the exit code of a failure that is alone', async () => {
    const { root, url } = await hub();
    const at = await local('f1', 'dir/inside', 'f3');
    const put = await run(['client', 'put', at('f1'), at('dir'), at('f3'), url]);
    expect(put).toMatchObject({ code: 2 });
    expect((await readdir(root)).sort()).toEqual(['f1', 'f3']);
  });
});

describe('client rm A B', () => {
  it('goes on after one that is not there, and at other servers', async () => {
    const { root, url } = await hub();
    for (const name of ['q1', 'q3', 'q4']) await writeFile(join(root, name), name);
    // Nobody listens at port 1.
    const gone = 'http://127.0.0.1:1/files/';
    const urls = [`${url}q1`, `${url}absent`, `${gone}a`, `${url}q3`, `${gone}b`, `${url}q4`];
    const removed = await run(['client', 'rm', ...urls]);
    expect(removed).toMatchObject({ code: 1 });
    expect(await readdir(root)).toEqual([]);
    expect(removed.stderr.trimEnd().split('\n')).toEqual([
      `hubswarm: ${url}absent: 404 Not Found`,
      `hubswarm: ${gone}a: connection refused`,
      'hubswarm: http://127.0.0.1:1: not asked for the other arguments: 1',
    ]);
  });
});
