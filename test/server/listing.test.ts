import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from './hub.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('listings', () => {
  it('name what can be fetched, for programs', async () => {
    const root = await tempRoot();
    await mkdir(join(root, 'dir'));
    await writeFile(join(root, 'b & c'), 'four');
    await writeFile(join(root, '.hidden'), 'x');
    await symlink('/etc/hostname', join(root, 'out'));
    await symlink('b & c', join(root, 'link'));
    const hub = await startHub({ root });
    const cid = (await hub.ask('/files/b%20%26%20c')).headers['x-ipfs-roots'];
    for (const path of ['/files', '/files/']) {
      const answer = await hub.ask(path);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const modified = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(JSON.parse(answer.text)).toEqual({
        path: '/files/',
        truncated: false,
        entries: [
          { name: 'dir', type: 'directory', url: '/files/dir/', modified },
          { name: 'b & c', type: 'file', url: '/files/b%20%26%20c', size: 4, modified, cid },
          { name: 'link', type: 'file', url: '/files/link', size: 4, modified, cid },
        ],
      });
    }
  });

  it('are a page for browsers, in which a name is only text', async () => {
    const hub = await startHub();
    const nasty = `<img src=x onerror=alert(1)>"'&%3c.txt`;
    await mkdir(join(hub.root, 'a <b>'));
    await writeFile(join(hub.root, 'a <b>', nasty), 'x');
    const answer = await hub.ask('/files/a%20%3Cb%3E/', { headers: { accept: BROWSER } });
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    const { document } = parseHTML(answer.text);
    expect(document.querySelector('img, script')).toBe(null);
    const link = document.querySelector('tbody a')!;
    expect(link.textContent).toBe(nasty);
    expect((await hub.ask(link.getAttribute('href')!)).text).toBe('x');
    const crumbs = [...document.querySelectorAll('h1 a')].map((a) => a.getAttribute('href'));
    expect(crumbs).toEqual(['/files/', '/files/a%20%3Cb%3E/']);
  });

  it('of what is no directory are not there', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    expect((await hub.ask('/files/f/')).status).toBe(404);
    expect((await hub.ask('/files/none/')).status).toBe(404);
  });
});

describe('the rest of the server', () => {
  it('answers each path in one line, and names the methods it takes', async () => {
    const hub = await startHub();
    expect(await hub.ask('/')).toMatchObject({ status: 302, headers: { location: '/files/' } });
    expect(JSON.parse((await hub.ask('/healthz')).text)).toEqual({ status: 'ok' });
    expect((await hub.ask('/nothing')).status).toBe(404);
    const posted = await hub.ask('/files/f', { method: 'POST' });
    expect(posted).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, PUT, DELETE, OPTIONS' },
    });
    const options = await hub.ask('/ipfs/x', { method: 'OPTIONS' });
    expect(options).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } });
    expect((await hub.ask('/files/', { method: 'HEAD' })).body).toHaveLength(0);
  });
});
