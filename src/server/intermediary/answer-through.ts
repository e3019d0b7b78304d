// The HTTP face of an intermediary (hub/intermediary/): what it has is sent as the hub sends its own
// files, so codings, digests and conditions are not built twice. What goes to the origin itself, by
// 307: whatever changes a file, the events, and what the cache has no room for.
// RFC 9110 section 7.6.3 (Via), RFC 9111 section 4.2.4 (stale), RFC 9211.
import type { OutgoingHttpHeaders } from 'node:http';
import type { CID } from 'multiformats/cid';
import { isSupportedCid } from '../../content/cid.ts';
import {
  type Asker,
  type Copy,
  type Intermediary,
  notCached,
} from '../../hub/intermediary/intermediary.ts';
import type { Segments } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import type { OwnAddress } from '../access/own-address.ts';
import { REVALIDATE } from '../answer/representation.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { answerVersion } from '../files/file-response.ts';
import type { FilesHub } from '../files/files-hub.ts';
import type { FoundBlock } from '../gateway/blocks.ts';
import { answerGateway } from '../gateway/gateway-route.ts';
import { Lane } from '../listing/listing-lanes.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath, targetPath, targetSearch } from '../message/request-path.ts';
import { type Found, type RouteName, routeOf } from '../message/routes.ts';
import { isUploadsPath, parseMetadata, targetOf } from '../message/tus-headers.ts';
import { withVary } from '../message/vary.ts';
import { cacheHeaders, passedHeaders } from './cache-status.ts';
import { requestWishes } from './request-wishes.ts';

/** What a request for a page is passed on with: its form, and its conditions. */
const ASKED_FIELDS = [
  ...['accept', 'accept-encoding', 'if-none-match', 'if-modified-since', 'range', 'if-range'],
];
/** Of a page that is passed on. */
const PAGE_FIELDS = [
  ...['content-type', 'content-encoding', 'content-security-policy', 'content-disposition'],
  ...['cache-control', 'vary', 'etag', 'last-modified', 'age', 'link', 'x-ipfs-roots'],
  ...['accept-ranges', 'content-range', 'repr-digest', 'digest', 'x-hubswarm-cid'],
];

/** Most of Via that is passed on, the latest hops: an origin refuses too long a head. Chosen. */
const MAX_VIA_CHARACTERS = 1024;

type ThroughHub = FilesHub & { readonly address: OwnAddress };

interface Passing {
  readonly conversation: Conversation;
  /** Path and query as they came. */
  readonly target: string;
  readonly asker: Asker;
}

export class AnswerThrough {
  readonly #hub: ThroughHub;
  readonly #intermediary: Intermediary;
  /** Chosen: pages are 4 MiB at most, and most of the time of each is the origin's. */
  readonly #pages = new Lane({ atOnce: 16, waiting: 512, heldBytes: 32 * 2 ** 20 });

  constructor(hub: ThroughHub, intermediary: Intermediary) {
    this.#hub = hub;
    this.#intermediary = intermediary;
  }

  /** True when it has answered: what is left is the hub's own. @throws Refusal, HttpFailure */
  async answer(conversation: Conversation): Promise<boolean> {
    const { method, url = '', headers } = conversation.req;
    const path = targetPath(url);
    const target = path + targetSearch(url);
    const { name, rest = '' }: Partial<Found> = routeOf(path) ?? {};
    if (method === 'OPTIONS') return false;
    // What the edge saw change would come late, and not at all for what it does not hold.
    if (name === 'events') throw this.#elsewhere(target, 'bypass');
    const isRead = method === 'GET' || method === 'HEAD';
    // A URL for the origin would resolve '..', so only a path that the hub reads is sent on.
    const isOurs = name === 'files' || (name === 'blocks' && isRead) || isUploadsPath(path);
    if (name === undefined || !isOurs) return false;
    const hops = hopsOf(headers.via);
    this.#intermediary.checkHops(hops);
    const own = `1.1 ${this.#intermediary.name}`;
    conversation.res.setHeader('Via', own);
    if (name === 'uploads' || !isRead) {
      const segments = changedBy(conversation, name, rest);
      if (segments) this.#intermediary.invalidate(segments);
      throw this.#elsewhere(target, 'method');
    }
    const wishes = requestWishes(headers['cache-control']);
    const via = latest([...hops, own].join(', '));
    const passing = { conversation, target, asker: { via, wishes } };
    try {
      await (name === 'blocks' ? this.#block(passing, rest) : this.#file(passing, rest));
    } catch (error) {
      if (hasCode(error, 'ERR_DISK_FULL')) throw this.#elsewhere(target, 'bypass');
      throw error;
    }
    return true;
  }

  async #file(passing: Passing, rest: string): Promise<void> {
    const { conversation, asker } = passing;
    const { segments, trailingSlash } = parseRequestPath(rest);
    // A listing is not cut to what a token may see, so it takes one for all that is in it.
    this.#hub.access.check(conversation.caller, 'read', segments);
    if (trailingSlash) return this.#page(passing);
    const copy = await this.#intermediary.file(segments, asker);
    if (copy === 'page') return this.#page(passing);
    const { file, entry, outcome, ageMs } = copy;
    setHeaders(conversation, cacheHeaders(outcome, ageMs));
    const leave = guarded('leaving a cached file', () => file.close());
    conversation.signal.addEventListener('abort', leave);
    try {
      await answerVersion(this.#presenting(copy), conversation, segments, file, entry);
    } catch (error) {
      // Somebody changed the cache's own file: it is fetched again.
      const spoilt = hasCode(error, 'ERR_SOURCE_CHANGED') || hasCode(error, 'ERR_NOT_FOUND');
      if (!spoilt) throw error;
      await this.#intermediary.drop(copy);
      throw fileChanging();
    } finally {
      conversation.signal.removeEventListener('abort', leave);
      await file.close();
    }
  }

  /** With the Cache-Control of the origin, unless this hub was given its own. */
  #presenting({ cacheControl }: Copy): FilesHub {
    const { representations } = this.#hub;
    if (cacheControl === undefined || representations.cacheControl !== REVALIDATE) return this.#hub;
    return { ...this.#hub, representations: { ...representations, cacheControl } };
  }

  async #block({ conversation, asker }: Passing, rest: string): Promise<void> {
    const { access, link } = this.#hub;
    const { caller } = conversation;
    access.checkAnywhere(caller, 'read');
    const mayRead = (segments: Segments): boolean => access.allows(caller, 'read', segments);
    const read = async (cid: CID) =>
      isSupportedCid(cid) ? this.#intermediary.block(cid, asker, mayRead) : undefined;
    const find = async (cid: CID): Promise<FoundBlock | undefined> => {
      const block = await read(cid);
      if (!block) return undefined;
      const { isHere, bytes } = block;
      setHeaders(
        conversation,
        isHere ? cacheHeaders({ kind: 'fresh' }, 0) : passedHeaders('uri-miss'),
      );
      const get = async (each: CID) => (each.equals(cid) ? bytes : (await read(each))?.bytes);
      return { bytes, get, close: async () => undefined };
    };
    const sharing = access.isPublic ? 'public' : 'private';
    await answerGateway({ conversation, link }, { find, sharing }, rest);
  }

  async #page({ conversation, target, asker }: Passing): Promise<void> {
    if (asker.wishes.onlyIfCached) throw notCached();
    const { req, res } = conversation;
    const asked = ASKED_FIELDS.flatMap((name) => {
      const value = req.headers[name];
      return value === undefined ? [] : [[name, String(value)] as const];
    });
    let status = 200;
    let kept: OutgoingHttpHeaders = {};
    let isMoved = false;
    const { text, held } = await this.#pages.make(conversation, async () => {
      const headers = Object.fromEntries(asked);
      const page = await this.#intermediary.page(target, headers, asker, conversation.signal);
      // Too large to hold in memory, an archive perhaps; or a refusal, which the origin tells itself.
      if (!page) throw this.#elsewhere(target, 'bypass');
      ({ status, isMoved } = page);
      kept = pageFields(page.headers);
      return page.bytes;
    });
    try {
      if (isMoved) {
        const slashed = `${targetPath(target)}/`;
        const { address } = this.#hub;
        return conversation.redirect(address.locate(conversation, slashed) + targetSearch(target));
      }
      const length = status === 304 ? {} : { 'Content-Length': text.length };
      res.writeHead(status, withVary(res, { ...kept, ...passedHeaders('uri-miss'), ...length }));
      if (req.method !== 'HEAD' && status !== 304)
        await held.send({ conversation, link: this.#hub.link }, text);
      res.end();
    } finally {
      held.release();
    }
  }

  #elsewhere(target: string, reason: 'bypass' | 'method'): HttpFailure {
    const location = this.#intermediary.originUrl(target);
    const headers = { Location: location, ...passedHeaders(reason) };
    return new HttpFailure(307, `ask the origin: ${location}`, headers);
  }
}

const hopsOf = (via: string | undefined): string[] =>
  (via ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');

/**
 * The file that a request goes to the origin to change; undefined if it names none.
 *
 * @throws Refusal for a path that the hub would not read
 */
function changedBy({ req }: Conversation, name: RouteName, rest: string): Segments | undefined {
  if (name === 'files') return parseRequestPath(rest, 'ERR_NOT_PERMITTED').segments;
  try {
    return targetOf(parseMetadata(req.headers['upload-metadata']?.toString()));
  } catch {
    return undefined;
  }
}

const latest = (via: string): string =>
  via.length <= MAX_VIA_CHARACTERS ? via : via.slice(-MAX_VIA_CHARACTERS).replace(/^[^,]*, /, '');

function pageFields(headers: ReadonlyMap<string, string>): OutgoingHttpHeaders {
  const fields = PAGE_FIELDS.map((field) => [field, headers.get(field)]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function setHeaders({ res }: Conversation, headers: Readonly<Record<string, string>>): void {
  for (const [field, value] of Object.entries(headers)) res.setHeader(field, value);
}
