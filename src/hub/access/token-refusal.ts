// The reason why a token, or the lack of one, is refused. Callers may be told the text.
import { Refusal, type RefusalCode } from '../../runtime/refusal.ts';
import type { Scope } from './rights.ts';

type TokenCode = Extract<
  RefusalCode,
  'ERR_SCOPE' | 'ERR_TOKEN_INVALID' | 'ERR_TOKEN_KEY' | 'ERR_TOKEN_MISSING'
>;

export class TokenRefusal extends Refusal {
  declare readonly code: TokenCode;
  /** The scope that is missing, if it is a matter of scopes. */
  readonly scope: Scope | undefined;

  private constructor(code: TokenCode, message: string, scope?: Scope) {
    super(code, message);
    this.scope = scope;
  }

  static missing(scope: Scope): TokenRefusal {
    return new TokenRefusal('ERR_TOKEN_MISSING', `a token with the scope '${scope}' is needed`);
  }

  /** @param reason has no quotes and no backslash: faces put it into quoted strings */
  static invalid(reason: string): TokenRefusal {
    return new TokenRefusal('ERR_TOKEN_INVALID', reason);
  }

  /** @param reason as of invalid() */
  static ofAnotherKey(reason: string): TokenRefusal {
    return new TokenRefusal('ERR_TOKEN_KEY', reason);
  }

  static scope(scope: Scope): TokenRefusal {
    return new TokenRefusal('ERR_SCOPE', `the token does not allow to ${scope} here`, scope);
  }
}
