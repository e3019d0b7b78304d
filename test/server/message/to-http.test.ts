import { describe, expect, it } from 'vitest';
import { TokenRefusal } from '../../../src/hub/access/token-refusal.ts';
import { HubswarmError } from '../../../src/runtime/errors.ts';
import { fileChanging, Refusal } from '../../../src/runtime/refusal.ts';
import { HttpFailure } from '../../../src/server/message/http-failure.ts';
import { toHttp } from '../../../src/server/message/to-http.ts';

describe('toHttp', () => {
  it.each([
    ['ERR_MALFORMED', 400],
    ['ERR_NOT_PERMITTED', 403],
    ['ERR_NOT_FOUND', 404],
    ['ERR_CONFLICT', 409],
    ['ERR_EXPIRED', 410],
    ['ERR_PRECONDITION', 412],
    ['ERR_TOO_LARGE', 413],
    ['ERR_NAME_TOO_LONG', 414],
    ['ERR_LOCKED', 423],
    ['ERR_NO_SOURCE', 502],
    ['ERR_NOT_CACHED', 504],
    ['ERR_CIRCLE', 508],
    ['ERR_BUSY', 503],
    ['ERR_DISK_FULL', 507],
    ['ERR_QUOTA', 507],
  ] as const)('gives %s the status %i, and the text as it is', (code, status) => {
    expect(toHttp(new Refusal(code, 'why'))).toMatchObject({ status, message: 'why', headers: {} });
  });

  it('says when to try again, in whole seconds and not before', () => {
    const refusal = new Refusal('ERR_BUSY', 'later', { retryAfterMs: 1001 });
    expect(toHttp(refusal)?.headers).toEqual({ 'Retry-After': '2' });
    expect(toHttp(fileChanging())).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
  });

  it('says with a refused token what would do', () => {
    const basic = 'Basic realm="hubswarm", charset="UTF-8"';
    expect(toHttp(TokenRefusal.missing('write'))).toMatchObject({
      status: 401,
      message:
        "a token with the scope 'write' is needed: send 'Authorization: Bearer TOKEN', or the token as password",
      headers: { 'WWW-Authenticate': ['Bearer realm="hubswarm"', basic] },
    });
    const ended =
      'Bearer realm="hubswarm", error="invalid_token", error_description="the token has expired"';
    expect(toHttp(TokenRefusal.invalid('the token has expired'))).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': [ended, basic] },
    });
    const less = 'Bearer realm="hubswarm", error="insufficient_scope", scope="delete"';
    expect(toHttp(TokenRefusal.scope('delete'))).toMatchObject({
      status: 403,
      message: 'the token does not allow to delete here',
      headers: { 'WWW-Authenticate': [less] },
    });
  });

  it('tells of a failed system call without the path', () => {
    const error = Object.assign(new Error("ENOSPC: no space left, open '/srv/secret'"), {
      code: 'ENOSPC',
    });
    expect(toHttp(error)).toMatchObject({ status: 507, message: 'no space left on the device' });
  });

  it('leaves what HTTP itself refuses as it is, and what failed here to the log', () => {
    const failure = new HttpFailure(405, 'not so', { Allow: 'GET' });
    expect(toHttp(failure)).toBe(failure);
    expect(toHttp(new HubswarmError('ERR_NOT_FOUND', '/srv/secret: gone'))).toBeUndefined();
    expect(toHttp(new TypeError('a mistake'))).toBeUndefined();
  });
});
