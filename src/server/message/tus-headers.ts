// The header fields of tus 1.0 (https://tus.io/protocols/resumable-upload), read
// strictly and as data: nothing here looks at the disk. Pure.
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { parseBoolean, parseSeconds } from '../../api/file-attributes.ts';
import type { FileAttributes } from '../../content/attributes.ts';
import { HttpFailure } from './http-failure.ts';
import { parseRequestPath } from './request-path.ts';

export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'expiration',
  'termination',
  'checksum',
  'checksum-trailer',
  'concatenation',
].join(',');
export const CHUNK_TYPE = 'application/offset+octet-stream';

/** The algorithms; Node.js uses the same names. */
export const CHECKSUMS = ['sha256', 'sha1', 'md5'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUMS)[number];
export const TUS_CHECKSUMS = CHECKSUMS.join(',');

/** Longest metadata. Chosen: the longest path in base64, and some more. */
const MAX_METADATA_BYTES = 8 * 1024;
/** Most parts. Chosen: tus-js-client makes one for each parallel connection. */
const MAX_PARTS = 256;

const field = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name.toLowerCase()];
  return value === undefined ? undefined : String(value);
};

/** @param acceptedIn the field that names the accepted type. @throws HttpFailure 415 */
export function requireChunkType(
  headers: IncomingHttpHeaders,
  acceptedIn: 'Accept' | 'Accept-Patch',
): void {
  // Media types ignore case. This type has no parameters, so they mean nothing.
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() === CHUNK_TYPE) return;
  throw new HttpFailure(415, `Content-Type: the bytes of an upload are sent as ${CHUNK_TYPE}`, {
    [acceptedIn]: CHUNK_TYPE,
  });
}

/** A non-negative integer; undefined if the field is absent. @throws HttpFailure 400 */
export function parseCount(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = field(headers, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new HttpFailure(400, `${name}: '${text}' is not a number of bytes`);
}

/** Whether the length comes later. @throws HttpFailure 400 */
function parseDeferLength(headers: IncomingHttpHeaders): boolean {
  const text = field(headers, 'Upload-Defer-Length');
  if (text === undefined) return false;
  if (text === '1') return true;
  throw new HttpFailure(400, `Upload-Defer-Length: '${text}' is not accepted; give 1`);
}

/**
 * The length, undefined if it comes later.
 *
 * @throws HttpFailure 400 unless exactly one field says it
 */
export function parseNewLength(headers: IncomingHttpHeaders): number | undefined {
  const length = parseCount(headers, 'Upload-Length');
  if (parseDeferLength(headers) !== (length === undefined)) {
    throw new HttpFailure(400, 'give either Upload-Length or Upload-Defer-Length: 1');
  }
  return length;
}

export type Metadata = ReadonlyMap<string, Buffer>;

/** @throws HttpFailure 400, 431 */
export function parseMetadata(text: string | undefined): Metadata {
  const metadata = new Map<string, Buffer>();
  if (text === undefined || text === '') return metadata;
  if (text.length > MAX_METADATA_BYTES) {
    throw new HttpFailure(431, `Upload-Metadata: at most ${MAX_METADATA_BYTES} bytes are taken`);
  }
  for (const pair of text.split(',')) {
    const match = /^([\x21-\x2b\x2d-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/.exec(pair.trim());
    const [, key, value = ''] = match ?? [];
    if (key === undefined || metadata.has(key) || value.length % 4 !== 0) {
      throw new HttpFailure(
        400,
        'Upload-Metadata: malformed; give pairs of a key and a base64 value, each key once',
      );
    }
    metadata.set(key, Buffer.from(value, 'base64'));
  }
  return metadata;
}

/**
 * Where the file goes: `path`, or `directory` and `filename`. Undefined if none is named.
 *
 * @throws HttpFailure 400, 403, 414
 */
export function targetOf(metadata: Metadata): readonly string[] | undefined {
  const text = (key: string): string | undefined => textOf(key, metadata.get(key));
  const name = text('filename') ?? text('name');
  const directory = text('directory');
  const path = text('path') ?? (name && directory ? `${directory}/${name}` : name);
  if (!path) return undefined;
  // Parsed like a URL's path, so that the same names are refused for the same reasons.
  const escaped = path.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/');
  const { segments, trailingSlash } = parseRequestPath(escaped, 'ERR_NOT_PERMITTED');
  if (trailingSlash) throw new HttpFailure(400, 'the path ends in a slash; give a file name');
  return segments;
}

/** What the metadata says of the file beside its bytes; the keys are those of ownCloud's clients. */
export function attributesOf(metadata: Metadata): FileAttributes {
  return {
    modifiedMs: parseSeconds(metadata.get('mtime')?.toString()),
    executable: parseBoolean(metadata.get('executable')?.toString()),
  };
}

/** Text of a value that becomes a name: it must have only one reading. */
function textOf(key: string, value: Buffer | undefined): string | undefined {
  if (value === undefined || isUtf8(value)) return value?.toString();
  throw new HttpFailure(400, `Upload-Metadata: ${key} is not UTF-8`);
}

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly digest: Buffer;
}

/** @throws HttpFailure 400 for what is malformed or not known */
export function parseChecksum(headers: IncomingHttpHeaders): Checksum | undefined {
  const text = field(headers, 'Upload-Checksum');
  if (text === undefined) return undefined;
  const [, name, value] = /^([\w-]+) ([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const algorithm = CHECKSUMS.find((known) => known === name);
  if (algorithm && value) return { algorithm, digest: Buffer.from(value, 'base64') };
  throw new HttpFailure(
    400,
    `Upload-Checksum: not accepted; give one of ${TUS_CHECKSUMS}, a space and the base64 digest`,
  );
}

export type Concat = 'partial' | { readonly parts: readonly string[] };

/** Whether the upload is a part, or is made of parts (ids in order). @throws HttpFailure 400 */
export function parseConcat(headers: IncomingHttpHeaders): Concat | undefined {
  const text = field(headers, 'Upload-Concat');
  if (text === undefined) return undefined;
  if (text === 'partial') return text;
  const urls = /^final; *(.+)$/s.exec(text)?.[1]?.trim().split(/ +/) ?? [];
  const parts = urls.map(uploadIdOf);
  if (parts.length > 0 && parts.length <= MAX_PARTS && !parts.includes(undefined)) {
    return { parts: parts as string[] };
  }
  throw new HttpFailure(
    400,
    `Upload-Concat: not accepted; give 'partial', or 'final;' and the URLs of up to ${MAX_PARTS} parts`,
  );
}

/** Whether a request's path is that of all uploads, or of one. */
export const isUploadsPath = (path: string): boolean =>
  /^\/uploads(?:\/(?:[0-9a-f]{32}\/?)?)?$/.test(path);

/** The id in an upload's URL, absolute or not. */
export function uploadIdOf(url: string): string | undefined {
  return /(?:^|\/)uploads\/([0-9a-f]{32})\/?$/.exec(url)?.[1];
}
