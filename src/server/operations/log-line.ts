// One line of the access log for one request: JSON, or the combined format of Apache and nginx.
// Control characters are escaped in both, so a client can neither end a line nor reach a terminal
// that shows it. Pure.
import { showJson } from '../../runtime/shown-text.ts';
import type { Event } from '../../telemetry/event.ts';

export type Completed = Extract<Event, { event: 'request_completed' }>;
export type LogFormat = 'json' | 'combined';

export const LOG_FORMATS: readonly LogFormat[] = ['json', 'combined'];

/** @param at when the request ended. */
export function formatLine(format: LogFormat, request: Completed, at: Date): string {
  return format === 'json' ? jsonLine(request, at) : combinedLine(request, at);
}

function jsonLine({ event: _, ...request }: Completed, at: Date): string {
  const line = { time: at.toISOString(), ...request, ms: round(request.ms) };
  return showJson(JSON.stringify(line));
}

function combinedLine(request: Completed, at: Date): string {
  const { remote, subject, method, path, httpVersion, status, bytes, referer, userAgent } = request;
  const who = subject === undefined ? '-' : quotable(subject).replaceAll(' ', '\\x20');
  const line = `"${quotable(method)} ${quotable(path)} HTTP/${httpVersion ?? '1.1'}"`;
  const [by, from] = [quotable(userAgent ?? '-'), quotable(referer ?? '-')];
  const host = remote.replace(/:\d+$/, '');
  return `${host} - ${who} [${clfTime(at)}] ${line} ${status} ${bytes} "${from}" "${by}"`;
}

/** Escapes as Apache does: quotes, backslashes and everything that is not printable ASCII. */
function quotable(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/gu, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    return [...Buffer.from(char)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join('');
  });
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The time in Apache's form, `10/Oct/2000:13:55:36 +0000`, always UTC. */
function clfTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${date}:${time} +0000`;
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
