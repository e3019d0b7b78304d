// The body of a refusal: one line of text, or a problem (api/problem.ts) where Accept names its type.
// Pure.
import { PROBLEM_TYPE, type Problem } from '../../api/problem.ts';
import { showJson, showText } from '../../runtime/shown-text.ts';
import type { HttpFailure } from './http-failure.ts';

/** Type and text of a refusal's body. */
export function refusalBody(
  accept: string | undefined,
  { status, message, code }: HttpFailure,
): { readonly type: string; readonly text: string } {
  // A redirection is no problem.
  if (status < 400 || !namesProblem(accept))
    return { type: 'text/plain; charset=utf-8', text: `${showText(message)}\n` };
  const problem: Problem = { status, detail: message, ...(code !== undefined && { code }) };
  return { type: PROBLEM_TYPE, text: `${showJson(JSON.stringify(problem))}\n` };
}

/** A weight of 0 means: not this one (RFC 9110 section 12.4.2). */
const namesProblem = (accept = ''): boolean =>
  accept.split(',').some((element) => {
    const [type = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
    return type === PROBLEM_TYPE && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
