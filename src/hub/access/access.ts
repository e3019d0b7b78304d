// Who may do what: every route of every face asks check() before it opens, lists or writes a
// path. What it goes by is the caller's token, or what anyone may do; how the caller is known
// (address, token, page) is found out by the face, with what stands here.
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
  /** Origins of pages that may use the hub, '*' for any. */
  readonly corsOrigins?: readonly string[] | undefined;
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
  readonly #anyone: Rights;
  readonly pages: PageOrigins;
  /** Undefined when it makes no difference from where somebody calls. */
  readonly addresses: Addresses | undefined;
  readonly #tokenLimit: RequestLimit | undefined;
  readonly #tokenBudgets = new WeakMap<VerifiedToken, RequestBudget>();
  /** Anyone may write, since only this machine is to reach it; told of once when it is not so. */
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

  /** Reads the keys anew. @throws HubswarmError, and goes on with the old ones */
  async reload(): Promise<void> {
    await this.#tokens?.reload();
  }

  close(): void {
    this.#tokens?.close();
  }

  /** A caller may bear a token. */
  get takesTokens(): boolean {
    return this.#tokens !== undefined;
  }

  /** What a credential that was verified before allows; undefined when it is to be verified. */
  known(credential: string): VerifiedToken | undefined {
    return this.#tokens?.known(credential);
  }

  /**
   * Call where tokens are taken.
   *
   * @param credential what bore the token: under that it is known from then on
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
      // One token counts together, whatever bore it and however often it was verified.
      budget = limit.of(token.name);
      this.#tokenBudgets.set(token, budget);
    }
    limit.spend(budget);
  }

  /**
   * Before a path is opened, listed or changed; `[]` is everything.
   *
   * @throws TokenRefusal when a token is needed, or does not do; Refusal ERR_NOT_PERMITTED
   */
  check(caller: Caller, scope: Scope, segments: Segments): void {
    if (scope !== 'read') this.#checkChange(caller);
    if (!this.allows(caller, scope, segments)) throw this.#refusal(caller, scope);
  }

  /** As check, where the path is not known yet. @throws as check() */
  checkAnywhere(caller: Caller, scope: Scope): void {
    if (scope !== 'read') this.#checkChange(caller);
    if (this.#anyone.scopes.has(scope) || caller.rights?.scopes.has(scope)) return;
    throw this.#refusal(caller, scope);
  }

  /** As check, of one entry among many: what is not allowed is left out. */
  allows({ rights }: Caller, scope: Scope, segments: Segments): boolean {
    return allows(this.#anyone, scope, segments) || (!!rights && allows(rights, scope, segments));
  }

  /**
   * Whether a directory, or an entry of one, is shown in listings: it may be read, or it
   * leads to what may be read.
   */
  shows(caller: Caller, segments: Segments): boolean {
    return this.allows(caller, 'read', segments) || this.leads(caller, segments);
  }

  /** @throws as check() */
  checkListing(caller: Caller, segments: Segments): void {
    if (!this.shows(caller, segments)) throw this.#refusal(caller, 'read');
  }

  /** Whether the path is only a way to what may be read. */
  leads(caller: Caller, segments: Segments): boolean {
    const { rights } = caller;
    if (!rights || !leadsToReadable(rights, segments)) return false;
    return !this.allows(caller, 'read', segments);
  }

  /** Whether the token of a caller that stays for long would still be taken. */
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

  /** A proxy that nobody named makes strangers look like this machine. */
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
