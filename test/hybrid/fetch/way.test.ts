// What a person has, and how it is fetched: the table of src/hybrid/fetch/way.ts.
import { describe, expect, it } from 'vitest';
import { wayOf } from '../../../src/hybrid/fetch/get.ts';

const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const OTHER = 'bafybeifluaxqm2mxtjgownkgurj5rre7wvrldqftz2b3otdgukd3zm6lhy';
const LINK = `hubswarm:${CID}?a=/ip4/10.0.0.5/tcp/4001&h=https://hub.example/`;

/** In one line: the way, and what it leads to. */
async function described(...things: string[]): Promise<string> {
  const way = await wayOf(things);
  if (way.kind === 'files') return `files ${way.urls.join(' ')}`;
  if (way.kind === 'tree') return `tree ${way.url}`;
  if (way.kind === 'phrase') return `phrase ${way.phrase.text}`;
  const { target, callable, urls } = way;
  const path = target.path === undefined ? '' : `/${target.path}`;
  const places = [...callable.addresses, ...callable.hubs, ...urls];
  return ['content', `${target.cid}${path}`, ...places].join(' ');
}

describe('the way of', () => {
  it.each<[what: string, things: string[], way: string]>([
    ['a URL', ['http://hub:8080/files/x'], 'files http://hub:8080/files/x'],
    ['a URL without a scheme', ['hub:8080/files/x'], 'files http://hub:8080/files/x'],
    ['a plain URL', ['https://host.example/x.iso'], 'files https://host.example/x.iso'],
    ['mirrors', ['http://a/x', 'http://b/x'], 'files http://a/x http://b/x'],
    ['a directory of a hub', ['http://hub/files/d/'], 'tree http://hub/files/d/'],
    ['all of a hub', ['http://hub/files/'], 'tree http://hub/files/'],
    ['a directory behind a proxy', ['https://p/sub/files/d/'], 'tree https://p/sub/files/d/'],
    ['a page', ['https://host.example/dir/'], 'files https://host.example/dir/'],
    ['a code phrase', ['7-canyon-ocean'], 'phrase 7-canyon-ocean'],
    ['a code phrase in three words', ['7', 'Canyon', 'ocean'], 'phrase 7-canyon-ocean'],
    ['a CID', [CID], `content ${CID}`],
    ['a CID with a path', [`${OTHER}/a/b.txt`], `content ${OTHER}/a/b.txt`],
    ['an IPFS link', [`ipfs://${OTHER}/a`], `content ${OTHER}/a`],
    ['a path of IPFS', [`/ipfs/${CID}`], `content ${CID}`],
    ['a share link', [LINK], `content ${CID} /ip4/10.0.0.5/tcp/4001 https://hub.example/`],
    [
      'a link between quotes',
      [`'${LINK}'`],
      `content ${CID} /ip4/10.0.0.5/tcp/4001 https://hub.example/`,
    ],
    ['a link between brackets', [` <hubswarm:${CID}>\n`], `content ${CID}`],
    ['a link of this machine', [`hubswarm:${CID}?a=/ip4/127.0.0.1/tcp/22`], `content ${CID}`],
    [
      'two links to one content',
      [`hubswarm:${CID}?a=/ip4/10.0.0.5/tcp/1`, `hubswarm:${CID}?a=/ip4/10.0.0.6/tcp/1`],
      `content ${CID} /ip4/10.0.0.5/tcp/1 /ip4/10.0.0.6/tcp/1`,
    ],
    [
      'a link and its CID',
      [LINK, CID],
      `content ${CID} /ip4/10.0.0.5/tcp/4001 https://hub.example/`,
    ],
    ['a CID and a mirror', [CID, 'http://hub/files/x'], `content ${CID} http://hub/files/x`],
    ['a mirror and a CID', ['http://hub/files/x', CID], `content ${CID} http://hub/files/x`],
  ])('%s', async (_, things, way) => {
    expect(await described(...things)).toBe(way);
  });

  it.each<[what: string, things: string[], reason: RegExp]>([
    [
      'a phrase and more',
      ['7-canyon-ocean', CID],
      /7-canyon-ocean leads to one sender; give it alone/,
    ],
    ['a phrase of other words', ['7-xyzzy-ocean'], /'xyzzy' is no word of code phrases/],
    ['two CIDs', [CID, OTHER], /are two; one call fetches one/],
    ['a CID and a path of it', [OTHER, `${OTHER}/a`], /are two/],
    ['a path and a URL', [`${OTHER}/a`, 'http://hub/files/a'], /cannot be verified/],
    ['a directory and a mirror', ['http://a/files/d/', 'http://b/files/d/'], /has no mirrors/],
    ['a directory and a CID', ['http://a/files/d/', OTHER], /has no mirrors/],
    ['a file here', ['./report.png'], /is not known; give a share link/],
    ['a word', ['report'], /'report' is not known/],
    ['another scheme', ['ftp://host/x'], /'ftp:\/\/host\/x' is not known/],
    ['a magnet link', ['magnet:?xt=urn:btih:abc'], /is not known/],
    ['a CID that is cut', ['bafkreigh2akiscaildcq'], /'bafkreigh2akiscaildcq' is not a CID/],
    ['a broken link', [`hubswarm:${CID}?s=x`], /part 's' is no number/],
  ])('%s is refused', async (_, things, reason) => {
    await expect(wayOf(things)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(reason),
    });
  });
});
