// Who may do what: every request passes admit() before any route sees it, and every
// route asks check() before it opens, lists or writes a path. In this order, from
// cheap to dear, so that what is refused costs least: address, rate of the address,
// CORS preflight, token, rate of the token. Only a token that was not seen before
// makes admit() asynchronous.
import type { OutgoingHttpHeaders } from 'node:http';
import { allows, type Grant, leadsToReadable, type Scope } from '../../hub/access/grant.ts';
import { type Allowance, RequestLimit, type RequestRate } from '../../hub/access/request-rate.ts';
import { TokenRefusal } from '../../hub/access/token-refusal.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Exchange } from '../conversation/exchange.ts';
import { standingHeaders } from '../message/standing-headers.ts';
import { AddressRules, AddressSet } from './address-rules.ts';
import { Callers } from './callers.ts';
import { ClientLinks } from './client-links.ts';
import { Cors } from './cors.ts';
import type { ProxyHeader } from './forwarded.ts';
import { HostNames } from './host-names.ts';
import { isForeignPage, isLoopback, isPassedOn, refuseOpenWrites } from './open-writes.ts';
import type { VerifiedToken } from './token.ts';
import type { TokenGate } from './token-gate.ts';

/** All off by default: anyone may read, and write if the hub is writable. */
export interface AccessOptions {
  /** Files with keys of tokens; with one, whoever reads or writes needs a token. */
  readonly tokenKeyFiles?: readonly string[] | undefined;
  /** A file with the ids of tokens that hold no more. */
  readonly revokedFile?: string | undefined;
  /** Reading needs no token. */
  readonly publicRead?: boolean | undefined;
  /** Writing without a token is meant, on whatever address. */
  readonly anonymousWrites?: boolean | undefined;
  /** CIDR blocks; with one, others are refused. */
  readonly allow?: readonly string[] | undefined;
  /** CIDR blocks; stronger than allow. */
  readonly deny?: readonly string[] | undefined;
  /** CIDR blocks of proxies that are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly proxyHeader?: ProxyHeader | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /**
   * Names that it may be called by, '*' for any. By default a hub that only this machine
   * reaches, and anyone may read, goes by its own alone; others by any.
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** Of each address. */
  readonly rateLimit?: RequestRate | undefined;
  /** To each address, all its connections together. */
  readonly clientUplinkBytesPerSecond?: number | undefined;
  /** Of each token. */
  readonly tokenRateLimit?: RequestRate | undefined;
}

export interface AccessContext {
  readonly host: string;
  readonly writable: boolean;
  readonly tls: 'none' | 'self_signed' | 'given';
  readonly emit: Emit;
}

type Segments = readonly string[];

const OPEN_WIRE =
  'tokens come in the clear, for whoever is on the way to take; give --tls, or --tls-cert and --tls-key';

const OPEN_PROXY =
  'a proxy passes changes on, and anyone who reaches it may write; give --token-key, or --allow-anonymous-writes if that is meant';

export class Access {
  readonly #context: AccessContext;
  readonly #tokens: TokenGate | undefined;
  /** What a request without a token may do; one with a token may do that as well. */
  readonly #anyone: Grant;
  readonly #cors: Cors | undefined;
  readonly #hostNames: HostNames | undefined;
  readonly #callers: Callers | undefined;
  readonly #addressLimit: RequestLimit | undefined;
  readonly #tokenLimit: RequestLimit | undefined;
  readonly #tokenAllowances = new WeakMap<VerifiedToken, Allowance>();
  /** Anyone may write, since only this machine is to reach it; told of once when it is not so. */
  #expectsThisMachine: boolean;
  readonly #standing: readonly (readonly [string, string])[];

  private constructor(
    options: AccessOptions,
    context: AccessContext,
    tokens: TokenGate | undefined,
  ) {
    const { corsOrigins = [] } = options;
    this.#context = context;
    this.#tokens = tokens;
    this.#expectsThisMachine = context.writable && !tokens && !options.anonymousWrites;
    this.#anyone = { scopes: publicScopes(options, tokens !== undefined), paths: [[]] };
    this.#cors = corsOrigins.length > 0 ? new Cors(corsOrigins) : undefined;
    this.#hostNames = hostNamesOf(options, context, this.isPublic);
    this.#addressLimit = options.rateLimit && new RequestLimit('address', options.rateLimit);
    this.#tokenLimit = options.tokenRateLimit && new RequestLimit('token', options.tokenRateLimit);
    this.#callers = callersOf(options, this.#addressLimit);
    const rules = { embeddable: corsOrigins.length > 0, alwaysTls: context.tls === 'given' };
    this.#standing = pairs(standingHeaders(rules));
  }

  /** @throws HubswarmError ERR_USAGE, and what is wrong with a file of keys or ids */
  static async open(options: AccessOptions, context: AccessContext): Promise<Access> {
    const { tokenKeyFiles = [], anonymousWrites = false } = options;
    const { host, writable } = context;
    const hasTokenKeys = tokenKeyFiles.length > 0;
    const hasProxies = (options.trustedProxies ?? []).length > 0;
    refuseOpenWrites({ host, writable, hasTokenKeys, anonymousWrites, hasProxies });
    if (!hasTokenKeys) return new Access(options, context, undefined);
    // A proxy that is trusted may well speak TLS to the world.
    const isOpenWire =
      context.tls === 'none' && !isLoopback(host) && !options.trustedProxies?.length;
    if (isOpenWire) context.emit({ event: 'warned', message: OPEN_WIRE });
    // Only a hub with tokens pays for loading what verifies them.
    const { TokenGate } = await import('./token-gate.ts');
    const gate = await TokenGate.open(tokenKeyFiles, options.revokedFile, context.emit);
    return new Access(options, context, gate);
  }

  /** Anyone may read everything, without a token. */
  get isPublic(): boolean {
    return this.#anyone.scopes.has('read');
  }

  /** Somebody may write. */
  get isWritable(): boolean {
    return this.#context.writable;
  }

  /** Whether a page of that origin may use the hub; for what CORS does not cover (WebSocket). */
  letsPage(origin: string): boolean {
    return this.#cors?.lets(origin) === true;
  }

  /** Reads the keys anew. @throws HubswarmError, and goes on with the old ones */
  async reload(): Promise<void> {
    await this.#tokens?.reload();
  }

  close(): void {
    this.#tokens?.close();
  }

  /** What stands on every answer, refusals and health too. */
  greet(exchange: Exchange): void {
    for (const [name, value] of this.#standing) exchange.res.setHeader(name, value);
    this.#cors?.mark(exchange);
  }

  /**
   * Before any route, after greet(). False when it has answered the request itself.
   *
   * @throws TokenRefusal, Refusal ERR_NOT_PERMITTED, RateRefusal, HttpFailure 421; so does what it promises
   */
  admit(exchange: Exchange): boolean | Promise<boolean> {
    this.#hostNames?.check(exchange.req);
    if (this.#callers) this.#admitCaller(exchange, this.#callers);
    if (this.#cors?.answerPreflight(exchange)) return false;
    const { authorization } = exchange.req.headers;
    if (authorization === undefined || !this.#tokens) return true;
    const known = this.#tokens.known(authorization);
    if (known) return this.#bear(exchange, known);
    return this.#tokens.verify(authorization).then((token) => this.#bear(exchange, token));
  }

  /**
   * Before a path is opened, listed or changed; `[]` is everything.
   *
   * @throws TokenRefusal when a token is needed, or does not do; Refusal ERR_NOT_PERMITTED
   */
  check(exchange: Exchange, scope: Scope, segments: Segments): void {
    if (scope !== 'read') this.#checkChange(exchange);
    if (!this.allows(exchange, scope, segments)) throw this.#refusal(exchange, scope);
  }

  /** As check, where the path is not known yet. @throws as check() */
  checkAnywhere(exchange: Exchange, scope: Scope): void {
    if (scope !== 'read') this.#checkChange(exchange);
    if (this.#anyone.scopes.has(scope) || exchange.grant?.scopes.has(scope)) return;
    throw this.#refusal(exchange, scope);
  }

  /** As check, of one entry among many: what is not allowed is left out. */
  allows({ grant }: Exchange, scope: Scope, segments: Segments): boolean {
    return allows(this.#anyone, scope, segments) || (!!grant && allows(grant, scope, segments));
  }

  /**
   * Whether a directory, or an entry of one, is shown in listings: it may be read, or it
   * leads to what may be read.
   */
  shows(exchange: Exchange, segments: Segments): boolean {
    return this.allows(exchange, 'read', segments) || this.leads(exchange, segments);
  }

  /** @throws as check() */
  checkListing(exchange: Exchange, segments: Segments): void {
    if (!this.shows(exchange, segments)) throw this.#refusal(exchange, 'read');
  }

  /** Whether the path is only a way to what may be read. */
  leads(exchange: Exchange, segments: Segments): boolean {
    const { grant } = exchange;
    if (!grant || !leadsToReadable(grant, segments)) return false;
    return !this.allows(exchange, 'read', segments);
  }

  /** Whether the token of an exchange that goes on for long would still be taken. */
  holds({ grant, req }: Exchange): boolean {
    return grant === undefined || this.#tokens?.known(req.headers.authorization ?? '') === grant;
  }

  #checkChange(exchange: Exchange): void {
    const { host, writable } = this.#context;
    if (!writable) {
      throw new Refusal(
        'ERR_NOT_PERMITTED',
        'this server takes no uploads; start it with --writable to allow',
      );
    }
    this.#warnOfProxy(exchange);
    const { origin } = exchange.req.headers;
    if (exchange.grant || origin === undefined || this.letsPage(origin)) return;
    if (isForeignPage(origin, host)) {
      throw new Refusal(
        'ERR_NOT_PERMITTED',
        'pages of other origins may not write here; see --cors-origin',
      );
    }
  }

  /** A proxy that nobody named makes strangers look like this machine. */
  #warnOfProxy({ req }: Exchange): void {
    if (!this.#expectsThisMachine || !isPassedOn(req.headers)) return;
    this.#expectsThisMachine = false;
    this.#context.emit({ event: 'warned', message: OPEN_PROXY });
  }

  #refusal({ grant }: Exchange, scope: Scope): TokenRefusal {
    return grant ? TokenRefusal.scope(scope) : TokenRefusal.missing(scope);
  }

  #admitCaller(exchange: Exchange, callers: Callers): void {
    const { address, admitted, allowance, link, proxied } = callers.of(exchange.req);
    if (proxied) exchange.remote = address;
    exchange.clientLink = link;
    if (!admitted) throw new Refusal('ERR_NOT_PERMITTED', 'this address may not come here');
    if (allowance) this.#addressLimit!.spend(allowance);
  }

  #bear(exchange: Exchange, token: VerifiedToken): boolean {
    exchange.grant = token;
    const limit = this.#tokenLimit;
    if (!limit) return true;
    let allowance = this.#tokenAllowances.get(token);
    if (!allowance) {
      // Bearer and Basic, and a token verified anew, count together.
      allowance = limit.of(token.name);
      this.#tokenAllowances.set(token, allowance);
    }
    limit.spend(allowance);
    return true;
  }
}

/** Undefined when any name will do. Behind a proxy the name is the proxy's matter. */
function hostNamesOf(
  { allowHosts, trustedProxies = [] }: AccessOptions,
  { host }: AccessContext,
  isPublic: boolean,
): HostNames | undefined {
  if (allowHosts) return new HostNames([host, ...allowHosts], { pagesOnly: false });
  const isAtRisk = isPublic && isLoopback(host) && trustedProxies.length === 0;
  return isAtRisk ? new HostNames([host], { pagesOnly: true }) : undefined;
}

/** Undefined when it makes no difference who calls. */
function callersOf(options: AccessOptions, limit: RequestLimit | undefined): Callers | undefined {
  const { allow = [], deny = [], trustedProxies = [], clientUplinkBytesPerSecond } = options;
  const links = clientUplinkBytesPerSecond && new ClientLinks(clientUplinkBytesPerSecond);
  if (allow.length + deny.length + trustedProxies.length === 0 && !limit && !links)
    return undefined;
  return new Callers({
    rules: new AddressRules(allow, deny),
    limit,
    links: links || undefined,
    proxies: trustedProxies.length > 0 ? new AddressSet(trustedProxies) : undefined,
    proxyHeader: options.proxyHeader ?? 'x-forwarded-for',
  });
}

function publicScopes({ publicRead }: AccessOptions, hasTokens: boolean): ReadonlySet<Scope> {
  if (!hasTokens) return new Set(['read', 'write', 'delete']);
  return new Set(publicRead ? (['read'] as const) : []);
}

const pairs = (headers: OutgoingHttpHeaders): [string, string][] =>
  Object.entries(headers).map(([name, value]) => [name, String(value)]);
