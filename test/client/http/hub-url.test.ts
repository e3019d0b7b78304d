import { describe, expect, it } from 'vitest';
import { pathOnHub, routeUrl } from '../../../src/client/http/hub-url.ts';

describe('the hub of a URL', () => {
  it.each([
    ['http://h/files/a/b', 'http://h/uploads/', 'a/b'],
    ['http://h/hub/files/a%20b', 'http://h/hub/uploads/', 'a b'],
    ['http://h/a/b/files/c?x=1', 'http://h/a/b/uploads/', 'c'],
    // A directory of the hub may have that name as well.
    ['http://h/files/files/a', 'http://h/uploads/', 'files/a'],
    ['http://h/hub/files', 'http://h/hub/uploads/', ''],
    ['http://h/profiles/a', 'http://h/uploads/', undefined],
    ['http://h/hub/files/%ff', 'http://h/hub/uploads/', undefined],
    ['http://u:p@h/hub/files/a', 'http://u:p@h/hub/uploads/', 'a'],
  ])('%s', (url, uploads, path) => {
    expect(routeUrl(new URL(url), 'uploads/').href).toBe(uploads);
    expect(pathOnHub(new URL(url))).toBe(path);
  });
});
