// Decides who may do what. Every route of every face asks check() before it opens, lists or writes
// a path. check() goes by the caller's token, or by what anyone may do. The face finds out who the
// caller is (address, token, page), with the help of this class.
import { Refusal } from '../../runtime/refusal.ts';
import type { Emit } from '../../telemetry/event.ts';
import { AddressRules } from './address-rules.ts';
import { Addresses } from './addresses.ts';
import type { Caller } from './caller.ts';
import { ClientLinks } from './client-links.ts';
import { isForeignPage, isLoopback, refuseOpenWrites } from './open-writes.ts';
import { PageOrigins } from './page-origins.ts';
import { type RequestBudget, RequestLimit, type RequestRate } from './request-rate.ts';
import { allows, leadsToReadable, type Rights, type Scope } from './rights.ts';
import type { VerifiedToken } from './token.ts';
import type { TokenGate } from './token-gate.ts';
import { TokenRefusal } from './token-refusal.ts';

/** By default anyone may read, and anyone may write if the hub is writable. */
export interface AccessOptions {
  /** Files with keys of tokens. With at least one, every request needs a token. */
  readonly tokenKeyFiles?: readonly string[] | undefined;
  /** A file with the ids of revoked tokens. */
  readonly revokedFile?: string | undefined;
  /** Whether reading needs no token. */
  readonly publicRead?: boolean | undefined;
  /** Whether its owner wants writes without a token, on whatever address. */
  readonly anonymousWrites?: boolean | undefined;
  /** CIDR blocks that are admitted; with at least one, all others are refused. */
  readonly allow?: readonly string[] | undefined;
  /** CIDR blocks that are refused, even if `allow` admits them. */
  readonly deny?: readonly string[] | undefined;
  /** CIDR blocks of trusted proxies: the hub believes what they say of their callers. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Web origins whose pages may use the hub, '*' for any. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Requests that each address may send. */
  readonly rateLimit?: RequestRate | undefined;
  /** Bytes per second to each address, over all its connections together. */
  readonly clientUplinkBytesPerSecond?: number | undefined;
  /** Requests that may be sent with each token. */
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
  /** Rights of a request without a token; a request with a token has them as well. */
  readonly #anyone: Rights;
  readonly pages: PageOrigins;
  /** Undefined if the hub treats all addresses alike. */
  readonly addresses: Addresses | undefined;
  readonly #tokenLimit: RequestLimit | undefined;
  readonly #tokenBudgets = new WeakMap<VerifiedToken, RequestBudget>();
  /**
   * Whether anyone may write because only this machine is expected to call. A caller from elsewhere
   * is warned of once.
   */
  #expectsThisMachine: boolean;

  private constructor(
    options: AccessOptions,
    context: AccessContext,
    tokens: TokenGate | undefined,
  ) {
    this.#context = context;
    this.#tokens = tokens;
    this.#expectsThisMachine = context.writable && !tokens && !options.anonymousWrites;
    this.#anyone = { scopes: publicScopes(options, tokens !== undefined), paths: [[]] };
    this.pages = new PageOrigins(options.corsOrigins ?? []);
    this.addresses = addressesOf(options);
    this.#tokenLimit = options.tokenRateLimit && new RequestLimit('token', options.tokenRateLimit);
  }

  /** @throws HubswarmError ERR_USAGE, and what is wrong with a file of keys or ids */
  static async open(options: AccessOptions, context: AccessContext): Promise<Access> {
    const { tokenKeyFiles = [], anonymousWrites = false } = options;
    const { host, writable } = context;
    const hasTokenKeys = tokenKeyFiles.length > 0;
    const hasProxies = (options.trustedProxies ?? []).length > 0;
    refuseOpenWrites({ host, writable, hasTokenKeys, anonymousWrites, hasProxies });
    if (!hasTokenKeys) return new Access(options, context, undefined);
    // A trusted proxy may speak TLS to the world.
    const isOpenWire =
      context.tls === 'none' && !isLoopback(host) && !options.trustedProxies?.length;
    if (isOpenWire) context.emit({ event: 'warned', message: OPEN_WIRE });
    // Loads the code that verifies tokens only for a hub that has tokens.
    const { TokenGate } = await import('./token-gate.ts');
    const gate = await TokenGate.open(tokenKeyFiles, options.revokedFile, context.emit);
    return new Access(options, context, gate);
  }

  /** Whether anyone may read everything, without a token. */
  get isPublic(): boolean {
    return this.#anyone.scopes.has('read');
  }

  /** Whether anybody may write. */
  get isWritable(): boolean {
    return this.#context.writable;
  }

  /** Reads the keys anew. @throws HubswarmError, and goes on with the old ones */
  async reload(): Promise<void> {
    await this.#tokens?.reload();
  }

  close(): void {
    this.#tokens?.close();
  }

  /** Whether the hub takes tokens. */
  get takesTokens(): boolean {
    return this.#tokens !== undefined;
  }

  /** The token of a credential that was verified before; undefined if it must be verified. */
  known(credential: string): VerifiedToken | undefined {
    return this.#tokens?.known(credential);
  }

  /**
   * Verifies a token. Call it only if `takesTokens`.
   *
   * @param credential the text that bore the token; known() finds the token by it from then on
   * @throws TokenRefusal
   */
  verify(credential: string, token: string): Promise<VerifiedToken> {
    return this.#tokens!.verify(credential, token);
  }

  /** Counts one request with the token. @throws RateRefusal */
  spend(token: VerifiedToken): void {
    const limit = this.#tokenLimit;
    if (!limit) return;
    let budget = this.#tokenBudgets.get(token);
    if (!budget) {
      // Requests with one token count together, whatever header bore it and however often it was
      // verified.
      budget = limit.of(token.name);
      this.#tokenBudgets.set(token, budget);
    }
    limit.spend(budget);
  }

  /**
   * Must be called before a path is opened, listed or changed; `[]` is the root.
   *
   * @throws TokenRefusal if a token is needed, or its rights do not suffice; Refusal
   * ERR_NOT_PERMITTED
   */
  check(caller: Caller, scope: Scope, segments: Segments): void {
    if (scope !== 'read') this.#checkChange(caller);
    if (!this.allows(caller, scope, segments)) throw this.#refusal(caller, scope);
  }

  /** As check(), before the path is known. @throws as check() */
  checkAnywhere(caller: Caller, scope: Scope): void {
    if (scope !== 'read') this.#checkChange(caller);
    if (this.#anyone.scopes.has(scope) || caller.rights?.scopes.has(scope)) return;
    throw this.#refusal(caller, scope);
  }

  /** As check(), for one entry of a listing, which leaves out what is not allowed. */
  allows({ rights }: Caller, scope: Scope, segments: Segments): boolean {
    return allows(this.#anyone, scope, segments) || (!!rights && allows(rights, scope, segments));
  }

  /**
   * Whether listings show a directory or an entry: the caller may read it, or something below it.
   */
  shows(caller: Caller, segments: Segments): boolean {
    return this.allows(caller, 'read', segments) || this.leads(caller, segments);
  }

  /** @throws as check() */
  checkListing(caller: Caller, segments: Segments): void {
    if (!this.shows(caller, segments)) throw this.#refusal(caller, 'read');
  }

  /** Whether the caller may read something below the path, but not the path itself. */
  leads(caller: Caller, segments: Segments): boolean {
    const { rights } = caller;
    if (!rights || !leadsToReadable(rights, segments)) return false;
    return !this.allows(caller, 'read', segments);
  }

  /** Whether the token of a caller that stays connected would still be taken. */
  holds({ rights, credential = '' }: Caller): boolean {
    return rights === undefined || this.#tokens?.known(credential) === rights;
  }

  #checkChange(caller: Caller): void {
    const { host, writable } = this.#context;
    if (!writable) {
      throw new Refusal(
        'ERR_NOT_PERMITTED',
        'this server takes no uploads; start it with --writable to allow',
      );
    }
    if (this.#expectsThisMachine && caller.isPassedOn) this.#warnOfProxy();
    const { rights, page } = caller;
    if (rights || page === undefined || this.pages.lets(page)) return;
    if (isForeignPage(page, host)) {
      throw new Refusal(
        'ERR_NOT_PERMITTED',
        'pages of other origins may not write here; see --cors-origin',
      );
    }
  }

  /**
   * Warns of a proxy that is not in `trustedProxies`: it makes strangers look like this machine.
   */
  #warnOfProxy(): void {
    this.#expectsThisMachine = false;
    this.#context.emit({ event: 'warned', message: OPEN_PROXY });
  }

  #refusal({ rights }: Caller, scope: Scope): TokenRefusal {
    return rights ? TokenRefusal.scope(scope) : TokenRefusal.missing(scope);
  }
}

function addressesOf(options: AccessOptions): Addresses | undefined {
  const { allow = [], deny = [], trustedProxies = [], clientUplinkBytesPerSecond } = options;
  const limit = options.rateLimit && new RequestLimit('address', options.rateLimit);
  const links = clientUplinkBytesPerSecond
    ? new ClientLinks(clientUplinkBytesPerSecond)
    : undefined;
  if (allow.length + deny.length + trustedProxies.length === 0 && !limit && !links)
    return undefined;
  return new Addresses({ rules: new AddressRules(allow, deny), limit, links });
}

function publicScopes({ publicRead }: AccessOptions, hasTokens: boolean): ReadonlySet<Scope> {
  if (!hasTokens) return new Set(['read', 'write', 'delete']);
  return new Set(publicRead ? (['read'] as const) : []);
}
