// What people type and other programs take: docs/as-meant.md has the table.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, scratch, start } from '../binary.ts';

async function hub(): Promise<{ root: string; url: string }> {
  const root = await scratch();
  await writeFile(join(root, 'f'), 'bytes\n');
  const running = start(['server', root, '--port', '0', '--json', '--writable']);
  return { root, url: (await running.until('listening')).addresses[0]! };
}

describe('what is typed is done as it is meant', () => {
  it('server DIR serves it; a URL without http:// is one', async () => {
    const { url } = await hub();
    const place = url.replace('http://', '');
    const got = await run(['client', 'get', `${place}files/f`, '-o', '-', '--quiet']);
    expect(got).toMatchObject({ code: 0, stdout: 'bytes\n' });
    const byName = place.replace('127.0.0.1', 'localhost');
    expect(await run(['client', 'ls', `${byName}files/`])).toMatchObject({ code: 0 });
  });

  it("server --host '[::1]' listens at what it prints", async () => {
    const { root } = await hub();
    const other = start(['server', root, '--host', '[::1]', '--port', '0', '--json']);
    const [address] = (await other.until('listening')).addresses;
    expect(address).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    const got = await run(['client', 'get', `${address}files/f`, '-o', '-', '--quiet']);
    expect(got.stdout).toBe('bytes\n');
  });

  it('server --index answers with index.html, and the client still walks the tree', async () => {
    const root = await scratch();
    await mkdir(join(root, 'site/sub'), { recursive: true });
    await writeFile(join(root, 'site/index.html'), '<p>page\n');
    await writeFile(join(root, 'site/sub/a'), 'a\n');
    const running = start(['server', root, '--index', '--port', '0', '--json']);
    const [address] = (await running.until('listening')).addresses;
    expect(await (await fetch(`${address}files/site`)).text()).toBe('<p>page\n');
    const out = await scratch();
    const got = await run(['client', 'get', '-r', `${address}files/site/`, out, '--quiet']);
    expect(got).toMatchObject({ code: 0 });
    expect(await readFile(join(out, 'index.html'), 'utf8')).toBe('<p>page\n');
    expect(await readFile(join(out, 'sub/a'), 'utf8')).toBe('a\n');
    const listed = await run(['client', 'ls', `${address}files/site/`]);
    expect(listed.stdout).toContain('sub');
    const refused = await run(['server', '--cache', address!, '--index', '--port', '0']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--index: not with --cache');
  });

  it('peer FILE shares it, and peer CID fetches it', async () => {
    const { root } = await hub();
    const source = start(['peer', join(root, 'f'), '--json']);
    const { cid } = await source.until('file_shared');
    const [address] = (await source.until('listening')).addresses;
    const out = await scratch();
    const args = ['peer', cid, '--join', address!, '--out', out, '--linger', '0', '--quiet'];
    expect(await run(args)).toMatchObject({ code: 0 });
    expect(await readFile(join(out, 'f'), 'utf8')).toBe('bytes\n');
  });

  it('put A B URL sends both, and put - what comes in', async () => {
    const { root, url } = await hub();
    const from = await scratch();
    for (const name of ['a', 'b']) await writeFile(join(from, name), name);
    await mkdir(join(from, 'd'));
    await writeFile(join(from, 'd', 'c'), 'c');
    const paths = ['a', 'b'].map((name) => join(from, name));
    expect(await run(['client', 'put', ...paths, `${url}files/in`])).toMatchObject({ code: 0 });
    expect((await readdir(join(root, 'in'))).sort()).toEqual(['a', 'b']);
    const tree = [...paths, join(from, 'd'), `${url}files/tree/`];
    expect(await run(['client', 'put', '-r', ...tree])).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'tree', 'd', 'c'), 'utf8')).toBe('c');
    expect((await readdir(join(root, 'tree'))).sort()).toEqual(['a', 'b', 'd']);
    const piped = start(['client', 'put', '-', `${url}files/in/c`, '--quiet']);
    piped.child.stdin!.end('from a pipe');
    expect(await piped.exit).toBe(0);
    expect(await readFile(join(root, 'in', 'c'), 'utf8')).toBe('from a pipe');
  });
});
