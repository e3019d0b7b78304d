import { describe, expect, it } from 'vitest';
import { parseListingQuery } from '../../../src/server/listing/listing-query.ts';
import { ListingReferences } from '../../../src/server/listing/references.ts';

/** What a browser or a crawler makes of them, where a proxy shows the hub below a prefix. */
const resolved = (target: string) => {
  const url = new URL(`https://example.org/hub${target}`);
  const references = new ListingReferences(
    target.split('?')[0]!,
    parseListingQuery(url.searchParams),
  );
  const at = (reference: string): string => new URL(reference, url).href.slice(23);
  return {
    file: at(references.entry('a:b?c', 'file')),
    directory: at(references.entry('//x', 'directory')),
    here: at(references.above(0)),
    above: at(references.above(1)),
    top: at(references.above(2)),
    next: at(references.with({ page: 2 })),
    first: at(references.with({ page: 1 })),
  };
};

describe('references of a listing', () => {
  it('hold with and without a slash at the end of the URL', () => {
    const all = {
      file: '/files/d/e/a%3Ab%3Fc',
      directory: '/files/d/e/%2F%2Fx/',
      here: '/files/d/e/',
      above: '/files/d/',
      top: '/files/',
    };
    expect(resolved('/files/d/e/')).toEqual({
      ...all,
      next: '/files/d/e/?page=2',
      first: '/files/d/e/',
    });
    expect(resolved('/files/d/e')).toEqual({
      ...all,
      next: '/files/d/e?page=2',
      first: '/files/d/e/',
    });
  });

  it('keep the form that the query names, and no other wish, on the way to others', () => {
    expect(resolved('/files/d/e/?format=json&sort=size&q=a&page=3')).toEqual({
      file: '/files/d/e/a%3Ab%3Fc',
      directory: '/files/d/e/%2F%2Fx/?format=json',
      here: '/files/d/e/?format=json',
      above: '/files/d/?format=json',
      top: '/files/?format=json',
      next: '/files/d/e/?q=a&sort=size&format=json&page=2',
      first: '/files/d/e/?q=a&sort=size&format=json',
    });
  });
});
