// The header fields of a representation, all of them, made once for each version and kind of
// request. Pure, so they can be prepared. send-representation.ts decides which bytes are sent. RFC
// 9110 sections 8 and 12.5, RFC 9111 section 5.2, RFC 9530.
import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { extname } from 'node:path';
import { create as formatDisposition } from 'content-disposition';
import { contentType } from 'mime-types';
import { formatAttributes } from '../../api/file-attributes.ts';
import { formatHttpDate } from '../../api/http-date.ts';
import { type FileAttributes, isDatable } from '../../content/attributes.ts';
import type { Version } from '../../root/root.ts';
import { dateOf, isSettled } from '../../root/version.ts';
import { isCompressible } from '../message/compressible.ts';
import type { Validators } from '../message/preconditions.ts';
import { digestHeaders } from '../message/repr-digest.ts';

/** One version of a file that has a CID. */
export interface NamedVersion {
  /** The file's name as it was requested. */
  readonly name: string;
  readonly cid: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly executable?: boolean | undefined;
  /** sha-256 of the whole file, if it is known. */
  readonly sha256?: Uint8Array | undefined;
}

export interface Presentation {
  /** The value of Cache-Control. */
  readonly cacheControl: string;
  /** Whether text may be sent in a content coding to clients that accept it. */
  readonly codable: boolean;
  /** Whether the file is to be saved instead of shown. */
  readonly attachment: boolean;
  /** Number of names in its path below /files/. */
  readonly depth: number;
  /** Other places of the file, as values of Link. */
  readonly duplicates: readonly string[];
}

export interface Representation {
  readonly size: number;
  readonly validators: Validators;
  /** Fields that 304 repeats (section 15.4.5) and every answer about it bears. */
  readonly cacheHeaders: OutgoingHttpHeaders;
  /** Fields of 200 without Content-Length; of 206 without Content-Range too. */
  readonly headers: OutgoingHttpHeaders & { readonly 'Content-Type': string };
  /** Whether ranges of it are sent (section 14.3). */
  readonly rangeable: boolean;
}

/** Header saying that the CID is not known yet, and can be asked for again. */
const NAME_STATE = 'X-Hubswarm-Cid';
/** Keep it, but ask each time: the path may get another version. */
export const REVALIDATE = 'no-cache';
/** Scripts of a served page must not act as this origin, which may take uploads. */
const SANDBOX = 'sandbox allow-scripts';

export function versionValidators({
  cid,
  modifiedMs,
}: Pick<NamedVersion, 'cid' | 'modifiedMs'>): Validators {
  return { etag: `"${cid}"`, ...datedBy(modifiedMs) };
}

/**
 * The Last-Modified date: never later than now (section 8.8.2.1), and in whole seconds. Until its
 * second is over, other bytes may get the same date.
 */
export function datedBy(modifiedMs: number): { lastModifiedMs: number; isDateOpen: boolean } {
  const now = Date.now();
  const atMs = dateOf({ modifiedMs: Math.floor(Math.min(modifiedMs, now)) }).getTime();
  const lastModifiedMs = Math.floor(atMs / 1000) * 1000;
  return { lastModifiedMs, isDateOpen: now - lastModifiedMs < 1000 };
}

/**
 * The media type by the extension. A whole name that looks like an extension (`html`, `f`) has
 * none.
 */
function typeOf(name: string): string {
  return contentType(extname(name)) || 'application/octet-stream';
}

/** Deepest path with a link to its block. Chosen: each level takes three bytes of the head. */
const MAX_LINKED_DEPTH = 64;

/** Relative to the file, wherever a proxy shows the hub. */
function blockLink(cid: string, depth: number): string[] {
  if (depth > MAX_LINKED_DEPTH) return [];
  const top = '../'.repeat(depth);
  return [`<${top}ipfs/${cid}>; rel="alternate"; type="application/vnd.ipld.raw"`];
}

/** The representation of the plain file. */
export function representationOf(
  version: NamedVersion,
  presentation: Presentation,
): Representation {
  const { name, cid, size } = version;
  const type = typeOf(name);
  const validators = versionValidators(version);
  const common = {
    ...cacheHeadersOf(validators, presentation, type),
    'X-Ipfs-Roots': cid,
    // One line for each link: aria2 does not read two from one line.
    Link: [...blockLink(cid, presentation.depth), ...presentation.duplicates],
  };
  const cacheHeaders = { ...common, ...changedAttributeHeaders(version) };
  const headers = {
    ...common,
    ...contentHeadersOf(name, type, presentation),
    ...digestHeaders(version.sha256),
    ...attributeHeaders(version),
    'Accept-Ranges': 'bytes',
  };
  return { size, validators, cacheHeaders, headers, rangeable: true };
}

/**
 * The representation of a file as it was when it was opened, before its CID is known. No field may
 * later mean other bytes. So the tag is weak, and made of the file system's facts once these are
 * settled; the same holds for the date.
 */
export function unnamedRepresentation(
  name: string,
  version: Version,
  presentation: Presentation,
): Representation {
  const type = typeOf(name);
  const stamp = createHash('sha256').update(version.stamp).digest('base64url').slice(0, 22);
  const etag = isSettled(version) ? `W/"${stamp}"` : undefined;
  const validators = { etag, ...datedBy(version.modifiedMs) };
  const cacheHeaders = {
    ...cacheHeadersOf(validators, presentation, type),
    ...(presentation.duplicates.length > 0 ? { Link: [...presentation.duplicates] } : {}),
    [NAME_STATE]: 'pending',
  };
  const headers = {
    ...cacheHeaders,
    ...contentHeadersOf(name, type, presentation),
    ...attributeHeaders(version),
    'Accept-Ranges': 'bytes',
  };
  return { size: version.size, validators, cacheHeaders, headers, rangeable: true };
}

export interface Coded {
  readonly coding: string;
  /** Length of the coded bytes. */
  readonly size: number;
  readonly etag: string;
  readonly sha256?: Uint8Array | undefined;
}

/**
 * The file in a content coding: another representation, with a tag of its own. It does not bear the
 * CID, which names other bytes. It is sent whole or not at all.
 */
export function codedRepresentation(
  version: NamedVersion,
  presentation: Presentation,
  { coding, size, etag, sha256 }: Coded,
): Representation {
  const type = typeOf(version.name);
  const validators = { etag, ...datedBy(version.modifiedMs) };
  const common = cacheHeadersOf(validators, presentation, type);
  const cacheHeaders = { ...common, ...changedAttributeHeaders(version) };
  const headers = {
    ...common,
    ...contentHeadersOf(version.name, type, presentation),
    ...digestHeaders(sha256),
    ...attributeHeaders(version),
    'Content-Encoding': coding,
    'Accept-Ranges': 'none',
  };
  return { size, validators, cacheHeaders, headers, rangeable: false };
}

function cacheHeadersOf(
  { etag, lastModifiedMs, isDateOpen }: Validators,
  { cacheControl, codable }: Presentation,
  type: string,
): OutgoingHttpHeaders {
  return {
    ...(etag === undefined ? {} : { ETag: etag }),
    ...(isDateOpen ? {} : { 'Last-Modified': formatHttpDate(lastModifiedMs ?? 0) }),
    'Cache-Control': cacheControl,
    ...(codable && isCompressible(type) ? { Vary: 'Accept-Encoding' } : {}),
  };
}

/**
 * Only of a file that can be run, and of a date that Last-Modified may not say: one of the future.
 */
function attributeHeaders({ modifiedMs, executable }: FileAttributes): Record<string, string> {
  const isAhead = modifiedMs !== undefined && modifiedMs > Date.now() && isDatable(modifiedMs);
  return formatAttributes({
    modifiedMs: isAhead ? modifiedMs : undefined,
    executable: executable === true ? true : undefined,
  });
}

/** Of a 304: what is not said there stays as a cache has it, so that a file is no longer run is said. */
const changedAttributeHeaders = (version: FileAttributes): Record<string, string> => ({
  ...attributeHeaders(version),
  ...formatAttributes({ executable: version.executable }),
});

function contentHeadersOf(name: string, type: string, { attachment }: Presentation) {
  return {
    'Content-Type': type,
    // RFC 8187, for names beyond ASCII.
    'Content-Disposition': formatDisposition(name, { type: attachment ? 'attachment' : 'inline' }),
    ...(/html|xml/.test(type) ? { 'Content-Security-Policy': SANDBOX } : {}),
  };
}
