// The options that make a server an edge: one that serves what another hub has.
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { parseHttpUrl } from '../../client/http/url.ts';
import { isLoopback } from '../../hub/access/open-writes.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import type { ServerOptions } from '../../server/hall/start-server.ts';
import type { Emit } from '../../telemetry/event.ts';
import { type AccessFlags, accessOf, fingerprints } from '../client/access.ts';
import { seconds, size } from '../common/options.ts';

export interface EdgeFlags {
  cache?: string;
  cacheDir?: string;
  cacheSize?: number;
  cacheTtl?: number;
  cacheToken?: string;
  cacheCacert?: string;
  cacheFingerprint?: string[];
}

const SIZE_BYTES = 10 * 2 ** 30;

const OPEN_CACHE =
  'anyone who reaches this edge reads what its origin gives only with a token; give --token-key here, too';

const ALONE_USELESS = [
  'cacheDir',
  'cacheSize',
  'cacheTtl',
  'cacheToken',
  'cacheCacert',
  'cacheFingerprint',
] as const;

/** Options about the directory that is served, which the other hub has. */
const ORIGINS_OWN = [
  ['precompressed', 'give it to the other hub, whose files are compressed here'],
  ['index', 'give it to the other hub, whose answers to directories are passed on'],
] as const;

/** As those of a client, for the other hub. */
const ACCESS = { prefix: '--cache-', variable: 'HUBSWARM_CACHE_TOKEN' };

export function addEdgeOptions(command: Command): void {
  command
    .option('--cache <url>', 'be a cache in front of this hub, its origin: serve what it has')
    .option(
      '--cache-dir <dir>',
      'with --cache: directory for the cached files (default: hubswarm/edge/HOST in the cache directory of the user)',
    )
    .option(
      '--cache-size <size>',
      'with --cache: most bytes kept; the files used longest ago are removed (default: 10GiB)',
      size('--cache-size'),
    )
    .option(
      '--cache-ttl <seconds>',
      'with --cache: serve a copy for so long without asking the origin again (default: 0)',
      seconds('--cache-ttl'),
    )
    .option(
      '--cache-token <token>',
      'with --cache: the token for the origin (default: HUBSWARM_CACHE_TOKEN); --token-key says who may read here',
    )
    .option(
      '--cache-cacert <file>',
      'with --cache: trust the issuer with this certificate (PEM) as well',
    )
    .option(
      '--cache-fingerprint <sha256>',
      'with --cache: the certificate that the origin must have; may be repeated',
      fingerprints('--cache-fingerprint'),
    );
}

/** What an edge's server has otherwise than others; nothing without --cache. @throws HubswarmError ERR_USAGE */
export async function edgeOptionsOf(
  flags: EdgeFlags & {
    writable: boolean;
    root?: string;
    catalogue?: string;
    precompressed?: boolean;
    index?: boolean;
    host: string;
    tokenKey?: readonly string[];
    trustProxy?: readonly string[];
  },
  emit: Emit,
): Promise<Partial<ServerOptions>> {
  if (flags.cache === undefined) {
    for (const option of ALONE_USELESS) {
      if (flags[option] === undefined) continue;
      const name = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      throw new HubswarmError('ERR_USAGE', `${name}: is of no use alone; give --cache as well`);
    }
    return {};
  }
  if (flags.writable) {
    throw new HubswarmError(
      'ERR_USAGE',
      '--writable: cannot be given with --cache; uploads are sent on to the other hub',
    );
  }
  for (const option of ['root', 'catalogue'] as const) {
    if (flags[option] === undefined) continue;
    throw new HubswarmError('ERR_USAGE', `--${option}: not with --cache; see --cache-dir`);
  }
  for (const [option, why] of ORIGINS_OWN) {
    if (!flags[option]) continue;
    throw new HubswarmError('ERR_USAGE', `--${option}: not with --cache; ${why}`);
  }
  const { checkOriginUrl, openEdge } = await import('../../edge/open-edge.ts');
  const { DiskRoot } = await import('../../root/disk/disk-root.ts');
  const url = checkOriginUrl(parseHttpUrl(flags.cache, '--cache'));
  const access = await accessOf(accessFlags(flags), [url], ACCESS);
  const isReached = !isLoopback(flags.host) || flags.trustProxy?.length;
  if (isReached && !flags.tokenKey?.length && access.authorization(url) !== undefined)
    emit({ event: 'warned', message: OPEN_CACHE });
  // Below a directory of its own: whatever else is in the one that was given is left alone.
  const own = join(resolve(flags.cacheDir ?? defaultDirectory(url)), '.hubswarm-edge');
  // A hub serves a directory; what an edge serves is none, so this one stays empty.
  const empty = join(own, 'root');
  await makeDirectory(empty, 0o700);
  const sizeBytes = flags.cacheSize ?? SIZE_BYTES;
  const ttlMs = (flags.cacheTtl ?? 0) * 1000;
  return {
    root: await DiskRoot.at(empty),
    // Nothing below it is served as a file of its own.
    catalogueDirectory: undefined,
    openIntermediary: (context) =>
      openEdge({ url, directory: own, sizeBytes, ttlMs, access }, context),
  };
}

function accessFlags(flags: EdgeFlags): AccessFlags {
  return {
    ...(flags.cacheToken !== undefined && { token: flags.cacheToken }),
    ...(flags.cacheCacert !== undefined && { cacert: flags.cacheCacert }),
    ...(flags.cacheFingerprint !== undefined && { fingerprint: flags.cacheFingerprint }),
  };
}

function defaultDirectory(url: URL): string {
  // A port's colon is no character for every file system's names.
  const name = (url.host + url.pathname.replace(/\/$/, '')).replace(/[^a-z0-9.-]/gi, '_');
  return join(userDirectory('cache'), 'edge', name);
}
