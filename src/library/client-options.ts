// What the calls of hubswarm/client take, and how it is read.
import type { Writable } from 'node:stream';
import { isToken, parseFingerprint } from '../client/http/access.ts';
import { parseHttpUrl } from '../client/http/url.ts';
import type { Event } from '../telemetry/event.ts';
import {
  abortSignal,
  callback,
  duration,
  durationOrNever,
  flag,
  kind,
  list,
  oneOf,
  type Reader,
  rate,
  record,
  refusal,
  text,
} from './options.ts';

export type Url = string | URL;

/** What all functions take. */
export interface Options {
  /** For the servers that are named here, and for none that they lead to. */
  readonly token?: string;
  /** SHA-256 of certificates, in hex with or without colons: a named server must have one of them. */
  readonly fingerprints?: readonly string[];
  /** Issuers' certificates (PEM) to trust, beside those that Node.js knows. */
  readonly ca?: string;
  /** Give up after so long without progress, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told what happens, as `--json` tells it. If it throws, the process is warned. */
  readonly onEvent?: (event: Event) => void;
}

export interface GetOptions extends Options {
  /**
   * A file, an existing directory, or a stream that takes the bytes in order. The stream is not
   * ended, and its `error` events are the caller's to hear.
   */
  readonly output: string | Writable;
  /** The CID that the file must have; if left out, the one that the servers name. */
  readonly cid?: string;
  /** Replace a file of the name that the server gave. */
  readonly force?: boolean;
  /** False: fetch only from the given servers. */
  readonly followMirrors?: boolean;
  /** Bytes per second; no cap if left out. */
  readonly downlinkBytesPerSecond?: number;
}

export interface GetTreeOptions extends Options {
  /** Remove files of the directory that the hub does not have. */
  readonly remove?: boolean;
  /** Bytes per second; no cap if left out. */
  readonly downlinkBytesPerSecond?: number;
}

export interface PutOptions extends Options {
  /** Bytes per second; no cap if left out. */
  readonly uplinkBytesPerSecond?: number;
  /** Fail if the hub has a file of that name. */
  readonly ifAbsent?: boolean;
}

export interface PutTreeOptions extends PutOptions {
  /** Delete what the hub has there and the directory does not have. */
  readonly remove?: boolean;
}

export interface WatchOptions extends Options {
  /** By default `sse`, and `poll` where a proxy holds streams back. */
  readonly via?: 'sse' | 'ws' | 'poll';
  readonly only?: 'files' | 'transfers';
  /** The id of the last event that is known already. */
  readonly after?: string;
}

const readToken: Reader<string> = (name, given) => {
  if (typeof given === 'string' && isToken(given)) return given;
  // A secret is not shown.
  throw refusal(name, 'what was given', 'a bearer token (RFC 6750)');
};

const aFingerprint = kind<string>(
  'the SHA-256 of a certificate in hex',
  (given) => typeof given === 'string' && parseFingerprint(given) !== undefined,
);
const readFingerprint: Reader<string> = (name, given) =>
  parseFingerprint(aFingerprint(name, given))!;

const readCa = kind<string>(
  'certificates in PEM',
  (given) => typeof given === 'string' && given.includes('-----BEGIN CERTIFICATE-----'),
);

const readOutput = kind<string | Writable>('a path or a Writable stream', (given) => {
  if (typeof given === 'string') return given !== '';
  const stream = given as Partial<Writable> | null | undefined;
  return typeof stream?.write === 'function' && typeof stream.on === 'function';
});

const COMMON = {
  token: readToken,
  fingerprints: list(readFingerprint),
  ca: readCa,
  timeoutMs: duration,
  signal: abortSignal,
  onEvent: callback,
};

export const readOptions = record<Options>(COMMON);

const GET = {
  ...COMMON,
  output: readOutput,
  cid: text,
  force: flag,
  followMirrors: flag,
  downlinkBytesPerSecond: rate,
};
export const readGet = record<GetOptions>(GET, 'output');

export const readGetTree = record<GetTreeOptions>({
  ...COMMON,
  remove: flag,
  downlinkBytesPerSecond: rate,
});

const PUT = { ...COMMON, uplinkBytesPerSecond: rate, ifAbsent: flag };
export const readPut = record<PutOptions>(PUT);
export const readPutTree = record<PutTreeOptions>({ ...PUT, remove: flag });

export const readWatch = record<WatchOptions>({
  ...COMMON,
  timeoutMs: durationOrNever,
  via: oneOf(['sse', 'ws', 'poll']),
  only: oneOf(['files', 'transfers']),
  after: text,
});

const aUrl = kind<Url>(
  'an http or https URL',
  (given) => typeof given === 'string' || Object.prototype.toString.call(given) === '[object URL]',
);

export const readUrl = (given: unknown): URL => parseHttpUrl(String(aUrl('URL', given)));

const someUrls = kind<readonly unknown[]>(
  'one URL or several',
  (given) => !Array.isArray(given) || given.length > 0,
);

export const readUrls = (given: unknown): URL[] => [someUrls('URL', given)].flat().map(readUrl);
