import { describe, expect, it } from 'vitest';
import { problemSchema } from '../../../src/api/problem.ts';
import { Refusal } from '../../../src/runtime/refusal.ts';
import { HttpFailure } from '../../../src/server/message/http-failure.ts';
import { refusalBody } from '../../../src/server/message/problem-body.ts';
import { toHttp } from '../../../src/server/message/to-http.ts';
import { startHub } from '../hub.ts';

const quota = toHttp(new Refusal('ERR_QUOTA', 'the hub is full'))!;

describe('refusalBody', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/*',
    'application/problem+jsonx',
    'text/html, application/problem+json;q=0',
    'application/problem+json ; v=1 ; q=0.000',
  ])('is a line of text for Accept %s', (accept) => {
    expect(refusalBody(accept, quota)).toEqual({
      type: 'text/plain; charset=utf-8',
      text: 'the hub is full\n',
    });
  });

  it.each([
    'application/problem+json',
    'application/json, Application/Problem+JSON',
    'text/html;q=0, application/problem+json;q=0.01',
  ])('is a problem with its code for Accept %s', (accept) => {
    const { type, text } = refusalBody(accept, quota);
    expect(type).toBe('application/problem+json');
    expect(problemSchema.parse(JSON.parse(text))).toEqual({
      status: 507,
      detail: 'the hub is full',
      code: 'ERR_QUOTA',
    });
  });

  it('is a line of text for a redirection, which is no problem', () => {
    const { type } = refusalBody(
      'application/problem+json',
      new HttpFailure(307, 'see the origin'),
    );
    expect(type).toBe('text/plain; charset=utf-8');
  });

  it('has no code where HTTP itself was the reason', () => {
    const { text } = refusalBody('application/problem+json', new HttpFailure(405, 'not taken'));
    expect(JSON.parse(text)).toEqual({ status: 405, detail: 'not taken' });
  });
});

describe('a hub', () => {
  it('answers a refusal as a problem to who names it', async () => {
    const hub = await startHub();
    const headers = { accept: 'application/problem+json' };
    const answer = await fetch(`${hub.running.url}files/absent`, { headers });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(problemSchema.parse(await answer.json())).toMatchObject({
      status: 404,
      code: 'ERR_NOT_FOUND',
    });
  });
});
