// Options of `hubswarm server` that say who may do what, and how it proves itself.
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { checkCidr } from '../../hub/access/address-rules.ts';
import { checkOrigin } from '../../hub/access/page-origins.ts';
import { parseRequestRate, type RequestRate } from '../../hub/access/request-rate.ts';
import { defaultTokenKeyFile, openTokenKey } from '../../hub/access/token-key.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import type { AdmissionOptions } from '../../server/access/admission.ts';
import { PROXY_HEADERS, type ProxyHeader } from '../../server/access/forwarded.ts';
import { checkHostName } from '../../server/access/host-names.ts';
import { checkBasePath } from '../../server/access/own-address.ts';
import type { TlsOptions } from '../../server/tls/tls.ts';
import { choice, needs, rate } from '../common/options.ts';

export interface AccessFlags {
  tokenKey?: string[];
  revoked?: string;
  publicRead?: boolean;
  allowAnonymousWrites?: boolean;
  allow?: string[];
  deny?: string[];
  trustProxy?: string[];
  proxyHeader?: ProxyHeader;
  basePath?: string;
  allowHost?: string[];
  corsOrigin?: string[];
  rateLimit?: RequestRate;
  tokenRateLimit?: RequestRate;
  clientUplink?: number;
  tls?: boolean;
  tlsCert?: string;
  tlsKey?: string;
}

/** Each value checked as it comes; the option may be given several times. */
const checked =
  (option: string, check: (option: string, text: string) => string) =>
  (text: string, before: string[] = []): string[] => [...before, check(option, text)];

/** Stands for the user's own key, whose place is looked up when it is used: no file has this name. */
const OWN_KEY = '\0';

export function addAccessOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--token-key [file]',
        "accept tokens signed by this key (see 'hubswarm token'): JWK, PEM or a secret; without a file your own key; may be repeated (default: no tokens)",
      )
        .preset(OWN_KEY)
        .argParser(
          checked('--token-key', (_option, file) =>
            file === OWN_KEY ? defaultTokenKeyFile() : file,
          ),
        ),
    )
    .option(
      '--public-read',
      'with --token-key: let anyone read (default: reading needs a token, too)',
    )
    .option(
      '--revoked <file>',
      'file of ids (jti) of revoked tokens, one a line; read again when it changes',
    )
    .option(
      '--allow-anonymous-writes',
      'with --writable: let anyone write, on any address and through proxies (default: only on this machine)',
    )
    .option(
      '--allow <cidr...>',
      'serve only these addresses, as in 192.168.0.0/16 (default: all)',
      checked('--allow', checkCidr),
    )
    .option(
      '--deny <cidr...>',
      'refuse these addresses, also if --allow names them',
      checked('--deny', checkCidr),
    )
    .option(
      '--trust-proxy <cidr...>',
      'believe what these proxies say about the address of a client, and X-Forwarded-Proto, -Host and -Prefix (default: none)',
      checked('--trust-proxy', checkCidr),
    )
    .addOption(
      choice(
        '--proxy-header <name>',
        'the header in which trusted proxies name the client: x-forwarded-for or forwarded (default: x-forwarded-for)',
        PROXY_HEADERS,
      ),
    )
    .option(
      '--base-path <path>',
      'the path below which a proxy shows the hub, as in /hub, unless X-Forwarded-Prefix of a trusted one says it',
      (text) => checkBasePath('--base-path', text),
    )
    .option(
      '--allow-host <name...>',
      'accept requests for these host names, * for any (default: on a loopback address its own name, else any)',
      checked('--allow-host', checkHostName),
    )
    .option(
      '--cors-origin <origin...>',
      'let web pages of these origins use the hub, * for all (default: none)',
      checked('--cors-origin', checkOrigin),
    )
    .option(
      '--rate-limit <rate>',
      'most requests of each address, as in 100/s or 600/m; so many may come at once (default: no limit)',
      (text) => parseRequestRate('--rate-limit', text),
    )
    .option(
      '--client-uplink <rate>',
      'most bytes per second to each address, as in 20Mbit/s (default: no limit)',
      rate('--client-uplink'),
    )
    .option(
      '--token-rate-limit <rate>',
      'most requests with each token, as in 100/s (default: no limit)',
      (text) => parseRequestRate('--token-rate-limit', text),
    )
    .option(
      '--tls',
      'HTTPS with a certificate that the hub makes on first use (default: plain HTTP)',
    )
    .option('--tls-cert <file>', 'HTTPS with this certificate (PEM, with its chain)')
    .option('--tls-key <file>', 'the key of --tls-cert (PEM)');
}

/** A user without a home has none. */
function isOwnKey(file: string): boolean {
  try {
    return file === defaultTokenKeyFile();
  } catch {
    return false;
  }
}

/** @throws HubswarmError for combinations that make no sense, and for the user's own key */
export async function accessOptionsOf(flags: AccessFlags): Promise<AdmissionOptions> {
  needs('--public-read', flags.publicRead, '--token-key', flags.tokenKey);
  needs('--revoked', flags.revoked, '--token-key', flags.tokenKey);
  needs('--token-rate-limit', flags.tokenRateLimit, '--token-key', flags.tokenKey);
  needs('--proxy-header', flags.proxyHeader, '--trust-proxy', flags.trustProxy);
  // The user's own key is made here too: the server may be started before the first token is.
  const own = flags.tokenKey?.find(isOwnKey);
  if (own !== undefined) await openTokenKey(own);
  return {
    tokenKeyFiles: flags.tokenKey,
    revokedFile: flags.revoked,
    publicRead: flags.publicRead,
    anonymousWrites: flags.allowAnonymousWrites,
    allow: flags.allow,
    deny: flags.deny,
    trustedProxies: flags.trustProxy,
    proxyHeader: flags.proxyHeader,
    basePath: flags.basePath,
    allowHosts: flags.allowHost,
    corsOrigins: flags.corsOrigin,
    rateLimit: flags.rateLimit,
    clientUplinkBytesPerSecond: flags.clientUplink,
    tokenRateLimit: flags.tokenRateLimit,
  };
}

/** @throws HubswarmError ERR_USAGE */
export function tlsOptionsOf({ tls, tlsCert, tlsKey }: AccessFlags): TlsOptions | undefined {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new HubswarmError('ERR_USAGE', '--tls-cert and --tls-key go together; give both');
  }
  if (tls && tlsCert !== undefined) {
    throw new HubswarmError('ERR_USAGE', '--tls: not with --tls-cert; give one of the two');
  }
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { kind: 'given', certFile: tlsCert, keyFile: tlsKey };
  }
  return tls ? { kind: 'self_signed', directory: join(userDirectory('state'), 'tls') } : undefined;
}

/** Whether there are files that a running server reads anew on SIGHUP. */
export const canReload = (flags: AccessFlags): boolean =>
  flags.tokenKey !== undefined || flags.tlsCert !== undefined;
