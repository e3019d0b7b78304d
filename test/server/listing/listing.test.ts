import { closeSync, openSync } from 'node:fs';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { Listing } from '../../../src/api/listing.ts';
import { DirectoryNames } from '../../../src/hub/catalogue/directory-names.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import { openDirectory, withOpen } from '../../../src/root/opened.ts';
import { AS_JSON, startHub, tempRoot } from '../hub.ts';

/** Of what the test's names hold. */
const UNSEEN = /[\x7f-\x9f\u200b\u2028\u202e\u2066]/;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('listings', () => {
  it('are in natural order for people, page after page, and by code units for programs', async () => {
    const root = await tempRoot();
    const names = ['part10', 'Part3', 'part2', 'part1', 'a', 'B', '\u00e4'];
    for (const name of names) await writeFile(join(root, name), '');
    const hub = await startHub({ root });
    const shown = async (query: string) => {
      const { text } = await hub.ask(`/files/?format=html${query}`);
      const links = parseHTML(text).document.querySelectorAll('td a');
      return [...links].map(({ textContent }) => textContent);
    };
    const natural = ['a', '\u00e4', 'B', 'part1', 'part2', 'Part3', 'part10'];
    expect(await shown('')).toEqual(natural);
    expect(await shown('&order=desc')).toEqual(natural.toReversed());
    const pages = [await shown('&limit=3'), await shown('&limit=3&page=2')];
    expect(pages.flat()).toEqual(natural.slice(0, 6));
    const { entries } = JSON.parse((await hub.ask('/files/', AS_JSON)).text) as Listing;
    expect(entries.map(({ name }) => name)).toEqual(names.toSorted());
  });

  it('name what can be fetched, for programs', async () => {
    const root = await tempRoot();
    await mkdir(join(root, 'dir'));
    await writeFile(join(root, 'b & c'), 'four');
    await writeFile(join(root, '.hidden'), 'x');
    await symlink('/etc/hostname', join(root, 'out'));
    await symlink('b & c', join(root, 'link'));
    const hub = await startHub({ root });
    const cid = (await hub.ask('/files/b%20%26%20c')).headers['x-ipfs-roots'];
    for (const [path, here] of [
      ['/files', 'files/'],
      ['/files/', ''],
    ] as const) {
      const answer = await hub.ask(path, AS_JSON);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const modified = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(JSON.parse(answer.text)).toEqual({
        path: '/files/',
        modified,
        page: 1,
        pages: 1,
        total: 4,
        truncated: false,
        incomplete: true,
        entries: [
          { name: 'dir', type: 'directory', url: `${here}dir/`, modified },
          { name: 'b & c', type: 'file', url: `${here}b%20%26%20c`, size: 4, modified, cid },
          { name: 'link', type: 'file', url: `${here}link`, size: 4, modified, cid, link: true },
        ],
      });
    }
  });

  it.each([
    ['a backslash in its name', (root: string) => writeFile(join(root, 'a\\b'), 'x')],
    [
      'a name that is not UTF-8',
      (root: string) => writeFile(Buffer.from(`${root}/\xff`, 'latin1'), 'x'),
    ],
    ['a link to nothing', (root: string) => symlink('none', join(root, 'none'))],
    ['nothing but a file and a hidden one', undefined],
  ])('say whether they leave something out: %s', async (_, make) => {
    const hub = await startHub();
    for (const name of ['f', '.hidden']) await writeFile(join(hub.root, name), 'x');
    await make?.(hub.root);
    const listing = JSON.parse((await hub.ask('/files/', AS_JSON)).text);
    expect(listing.entries).toMatchObject([{ name: 'f' }]);
    expect(listing.incomplete).toBe(make ? true : undefined);
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
    const fetched = await fetch(
      new URL(link.getAttribute('href')!, `${hub.running.url}files/a%20%3Cb%3E/`),
    );
    expect(await fetched.text()).toBe('x');
    const crumbs = [...document.querySelectorAll('h1 a')].map((a) => a.getAttribute('href'));
    expect(crumbs).toEqual(['../', './']);
  });

  it('show names without what is not seen, and lead to the file', async () => {
    const hub = await startHub();
    const family = '\u{1f468}\u200d\u{1f469}.png';
    const nasty = 'a\u202egpj\u2066\u200b\u009b\u2028.exe';
    await mkdir(join(hub.root, 'd\u202e'));
    for (const name of [nasty, family]) await writeFile(join(hub.root, 'd\u202e', name), name);
    const place = '/files/d%E2%80%AE/';
    const page = await hub.ask(`${place}?q=%E2%80%AE`, { headers: { accept: BROWSER } });
    const { text } = await hub.ask(place, { headers: { accept: BROWSER } });
    for (const html of [page.text, text]) expect(html).not.toMatch(UNSEEN);
    const { document } = parseHTML(text);
    expect(document.querySelector('title')!.textContent).toContain('d?');
    const links = [...document.querySelectorAll('tbody a')];
    expect(links.map((link) => link.textContent)).toEqual([family, 'a?gpj????.exe']);
    for (const [i, name] of [family, nasty].entries()) {
      const href = links[i]!.getAttribute('href')!;
      const fetched = await fetch(new URL(href, `${hub.running.url}${place.slice(1)}`));
      expect(await fetched.text()).toBe(name);
    }
    const json = (await hub.ask(place, { headers: { accept: 'application/json' } })).text;
    expect(json).not.toMatch(UNSEEN);
    const { entries } = JSON.parse(json) as { entries: { name: string }[] };
    expect(entries.map(({ name }) => name)).toEqual([nasty, family]);
  });

  it('of what is no directory are not there', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    expect((await hub.ask('/files/f/')).status).toBe(404);
    expect((await hub.ask('/files/none/')).status).toBe(404);
  });
});

describe('pages of a listing', () => {
  async function hubWithNames(names: readonly string[]) {
    const hub = await startHub();
    // Files that are there by then get a CID a moment later, and the listing another tag.
    await hub.until('catalogue_completed');
    for (const [i, name] of names.entries()) {
      await writeFile(join(hub.root, name), 'x'.repeat(names.length - i));
      await utimes(join(hub.root, name), 1000 + i, 1000 + i);
    }
    await mkdir(join(hub.root, 'zdir'));
    const list = async (query: string) =>
      JSON.parse((await hub.ask(`/files/${query}`, AS_JSON)).text);
    const namesOf = async (query: string): Promise<string[]> =>
      (await list(query)).entries.map(({ name }: { name: string }) => name);
    return { hub, list, namesOf };
  }

  it.each([
    ['', ['zdir', 'A', 'b', 'c', 'd']],
    ['?order=desc', ['zdir', 'd', 'c', 'b', 'A']],
    ['?sort=size', ['zdir', 'd', 'c', 'b', 'A']],
    ['?sort=size&order=desc', ['zdir', 'A', 'b', 'c', 'd']],
    ['?sort=modified&order=desc', ['zdir', 'd', 'c', 'b', 'A']],
    ['?limit=2', ['zdir', 'A']],
    ['?limit=2&page=2', ['b', 'c']],
    ['?limit=2&page=3', ['d']],
    ['?limit=2&page=2&order=desc', ['c', 'b']],
    ['?limit=2&page=2&sort=size', ['c', 'b']],
    ['?q=a', ['A']],
    ['?q=DIR', ['zdir']],
    ['?q=none', []],
  ])('%s', async (query, expected) => {
    const { namesOf } = await hubWithNames(['A', 'b', 'c', 'd']);
    expect(await namesOf(query)).toEqual(expected);
  });

  it('lead from one to the next until the last', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `file ${String(i).padStart(2, '0')}`);
    const { hub } = await hubWithNames(names);
    const found: string[] = [];
    let pages = 0;
    for (let path: string | undefined = '/files/?limit=4&q=file'; path; pages++) {
      const answer = await hub.ask(path, AS_JSON);
      const listing = JSON.parse(answer.text);
      found.push(...listing.entries.map(({ name }: { name: string }) => name));
      expect(listing).toMatchObject({ total: 25, pages: 7, truncated: listing.next !== undefined });
      expect(answer.headers.link).toBe(listing.next && `<${listing.next}>; rel="next"`);
      path = listing.next && `/files/${listing.next}`;
    }
    expect({ pages, found }).toEqual({ pages: 7, found: names });
  });

  it('are refused in one line when they cannot be given', async () => {
    const { hub } = await hubWithNames(['a']);
    const wrong = [
      ['?sort=colour', 400, 'sort: not known; accepted are name, size, modified\n'],
      ['?order=up', 400, 'order: not known; accepted are asc, desc\n'],
      ['?format=xml', 400, 'format: not known; accepted are json, html\n'],
      ['?page=0', 400, `page: give a whole number from 1 to ${Number.MAX_SAFE_INTEGER}\n`],
      ['?limit=10001', 400, 'limit: give a whole number from 1 to 10000\n'],
      [`?q=${'a'.repeat(256)}`, 400, 'q: give at most 255 characters\n'],
      ['?page=2', 404, 'there is no page 2; the last is 1\n'],
    ] as const;
    for (const [query, status, text] of wrong) {
      expect(await hub.ask(`/files/${query}`)).toMatchObject({ status, text });
    }
  });

  it('come in the form that the query names, else in the one that is liked better', async () => {
    const { hub } = await hubWithNames(['a']);
    const typeOf = async (query: string, accept: string): Promise<string> =>
      (await hub.ask(`/files/${query}`, { headers: { accept } })).headers['content-type']!;
    expect(await typeOf('', BROWSER)).toContain('text/html');
    expect(await typeOf('?format=json', BROWSER)).toContain('application/json');
    expect(await typeOf('', 'text/html;q=0.5, application/json')).toContain('application/json');
    expect(await typeOf('', 'text/html, application/json;q=0.5')).toContain('text/html');
    expect(await typeOf('?format=html', 'application/json')).toContain('text/html');
    // Crawlers and older tools name nothing.
    for (const accept of ['*/*', 'text/*', 'image/png', '', 'application/json;q=0, */*'])
      expect([accept, await typeOf('', accept)]).toEqual([accept, 'text/html; charset=utf-8']);
    for (const accept of ['application/*', 'application/json, text/plain, */*'])
      expect([accept, await typeOf('', accept)]).toEqual([accept, expect.stringContaining('json')]);
  });

  it('have a tag, which changes with what they show', async () => {
    const { hub } = await hubWithNames(['a']);
    const ask = (headers = {}) =>
      hub.ask('/files/', { headers: { ...AS_JSON.headers, ...headers } });
    const { etag, vary } = (await ask()).headers;
    expect(vary).toBe('Accept, Accept-Encoding');
    expect(await ask({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '' });
    const page = await ask({ accept: BROWSER });
    expect(page.headers.etag).not.toBe(etag);
    // Another size is seen in a listing whose names are the same.
    await writeFile(join(hub.root, 'a'), 'longer than before');
    expect((await ask({ 'if-none-match': etag })).status).toBe(200);
    const { etag: second } = (await ask()).headers;
    await writeFile(join(hub.root, 'b'), '');
    const third = await ask({ 'if-none-match': second });
    expect(third.status).toBe(200);
    expect(JSON.parse(third.text).total).toBe(3);
  });

  it('go compressed to who takes it', async () => {
    const { hub } = await hubWithNames(Array.from({ length: 20 }, (_, i) => `name ${i}`));
    const ask = (headers = {}) => hub.ask('/files/', { headers });
    const gzip = { 'accept-encoding': 'gzip' };
    const { etag } = (await ask(gzip)).headers;
    expect(etag).toMatch(/^W\/".*-gzip"$/);
    const answer = await ask(gzip);
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(answer.body).toString()).toBe((await ask()).text);
  });

  it('work as a page: filter, order and the other pages keep what was asked', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `<b>&"${i}`);
    const { hub } = await hubWithNames(names);
    const page = async (path: string) => {
      const answer = await hub.ask(path, { headers: { accept: BROWSER } });
      return parseHTML(answer.text).document;
    };
    const first = await page('/files/?limit=2&q=%3Cb%3E%26%22&sort=size');
    expect(first.querySelector('b')).toBe(null);
    const next = first.querySelector('a[rel=next]')!.getAttribute('href')!;
    const second = await page(`/files/${next}`);
    const shown = [...second.querySelectorAll('tbody a')].map((a) => a.textContent);
    expect(shown).toEqual([names[2], names[1]]);
    expect(second.querySelector('input[name=q]')!.getAttribute('value')).toBe('<b>&"');
    expect(second.querySelector('input[name=sort]')!.getAttribute('value')).toBe('size');
    const back = second.querySelector('a[rel=prev]')!.getAttribute('href')!;
    expect((await hub.ask(`/files/${back}`)).status).toBe(200);
    const zip = second.querySelector('footer button')!;
    const query = `${zip.getAttribute('name')}=${zip.getAttribute('value')}`;
    expect((await hub.ask(`/files/?${query}`, { method: 'HEAD' })).headers['content-type']).toBe(
      'application/zip',
    );
  });

  it('lead a crawler to all there is, and nowhere twice', async () => {
    const names = Array.from({ length: 250 }, (_, i) => `it's ${i} & "more"`);
    const { hub } = await hubWithNames(names);
    const { text } = await hub.ask('/files/', { headers: { accept: '*/*' } });
    const hrefs = [...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href!);
    // As they stand: not every tool reads entities.
    expect(new Set(hrefs)).toEqual(
      new Set([
        './',
        'zdir/',
        ...names.map((name) => encodeURIComponent(name).replace("'", '%27')),
      ]),
    );
    expect(hrefs.length).toBe(252);
    const { document } = parseHTML(
      (await hub.ask('/files/', { headers: { accept: BROWSER } })).text,
    );
    expect(document.querySelectorAll('tbody a').length).toBe(200);
  });
});

describe('DirectoryNames', () => {
  it('sorts many names as one list, links and directories among them', async () => {
    const root = await tempRoot();
    const names = Array.from({ length: 4200 }, (_, i) => `n${(i * 7919) % 4201}`);
    for (const name of names) closeSync(openSync(join(root, name), 'w'));
    await mkdir(join(root, 'd'));
    await symlink('d', join(root, 'to-d'));
    await symlink('nowhere', join(root, 'dangling'));
    const opening = openDirectory(await DiskRoot.at(root), []);
    const found = await withOpen(opening, (directory) => new DirectoryNames().of(directory));
    expect(found.directories).toEqual(['d', 'to-d']);
    expect(found.files).toEqual([...names, 'dangling'].sort());
    expect(found.truncated).toBe(false);
  });
});

describe('the rest of the server', () => {
  it('answers each path in one line, and names the methods it takes', async () => {
    const hub = await startHub();
    const location = `http://127.0.0.1:${hub.port}/files/`;
    expect(await hub.ask('/')).toMatchObject({ status: 302, headers: { location } });
    expect(JSON.parse((await hub.ask('/healthz')).text)).toEqual({ status: 'ok' });
    expect((await hub.ask('/nothing')).status).toBe(404);
    const refused = await hub.ask('/files/f', { method: 'PROPFIND' });
    expect(refused).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, PUT, POST, PATCH, DELETE, MKCOL, OPTIONS' },
    });
    const options = await hub.ask('/ipfs/x', { method: 'OPTIONS' });
    expect(options).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } });
    expect((await hub.ask('/files/', { method: 'HEAD' })).body).toHaveLength(0);
    const star = await hub.ask('*', { method: 'OPTIONS' });
    expect(star).toMatchObject({
      status: 204,
      headers: { allow: 'GET, HEAD, PUT, POST, PATCH, DELETE, MKCOL, OPTIONS' },
    });
  });
});
