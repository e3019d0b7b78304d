// A proxy that fails is named, with the variable that names it and how to go around it.
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { refusalOf, sendRequest } from '../../../src/client/http/send-request.ts';
import { watchSocket } from '../../../src/client/watch/watch-socket.ts';
import { Link } from '../../../src/link/link.ts';
import { runGet } from '../run-get.ts';

/** Answers each request so; hangs up if that is empty. */
async function startProxy(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const DEAD = '127.0.0.1:1';
const empty = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
const withProxy = (url: URL, variable: string, place: string): Access =>
  new Access({ urls: [url], environment: { [variable]: `http://me:secret@${place}` } });

describe.each([
  ['http://hub.example/x', 'http_proxy'],
  ['https://hub.example/x', 'HTTPS_PROXY'],
  ['https://hub.example:8443/x', 'all_proxy'],
])('the failure of a proxy on the way to %s (%s)', (text, variable) => {
  const url = new URL(text);
  const told = (place: string): string =>
    `by way of the proxy http://${place}, which ${variable} names; no_proxy=hub.example goes around it`;

  it.each([
    ['refuses connections', undefined, 'connection refused'],
    ['hangs up', '', 'closed'],
    ['speaks no HTTP', 'SSH-2.0\r\n\r\n', 'did not answer in HTTP/1.1'],
    [
      'wants a login',
      empty('407 Login'),
      "407 Proxy Authentication Required: the proxy wants a login: give it in the proxy's URL",
    ],
    ['forbids it', empty('403 No'), '403 Forbidden'],
    ['reaches no origin', empty('502 No'), '502 Bad Gateway'],
  ])('that %s is named, without its credentials', async (_, answer, reason) => {
    const place = answer === undefined ? DEAD : await startProxy(answer);
    const access = withProxy(url, variable, place);
    const got = await runGet([url], { output: '-', access, timeoutMs: 300 });
    expect(got.error?.message).toContain(reason);
    expect(got.error?.message).toContain(told(place));
    const failures = JSON.stringify([got.error?.message, ...got.events]);
    expect(failures).not.toContain('secret');
    expect(failures.split('by way of').length - 1).toBeGreaterThan(0);
    expect(got.error?.message.split('by way of')).toHaveLength(2);
  });

  it('is named by who sends and who watches', async () => {
    const access = withProxy(url, variable, DEAD);
    const { signal } = new AbortController();
    const sent = sendRequest({
      method: 'DELETE',
      url,
      link: new Link(),
      stallMs: 500,
      access,
      signal,
    });
    await expect(sent).rejects.toThrow(told(DEAD));
    const channel = { url, after: undefined, signal, access };
    await expect(watchSocket(channel as never)).rejects.toThrow(told(DEAD));
  });
});

describe('a proxy is not named', () => {
  it('for what the origin says', async () => {
    const url = new URL('http://hub.example/x');
    const place = await startProxy(empty('404 No'));
    const got = await runGet([url], { output: '-', access: withProxy(url, 'http_proxy', place) });
    expect(got.error?.message).toBe('http://hub.example/x: 404 Not Found');
    const access = withProxy(url, 'http_proxy', place);
    const refused = (status: number) =>
      refusalOf({ access }, { url, status, headers: new Map() }, {}).message;
    expect(refused(507)).toBe('507 Insufficient Storage');
    expect(refused(503)).toContain('by way of the proxy');
  });

  it('where no_proxy goes around it', async () => {
    const url = new URL(`http://127.0.0.1:1/x`);
    const environment = { http_proxy: DEAD, no_proxy: '127.0.0.1' };
    const access = new Access({ urls: [url], environment });
    const got = await runGet([url], { output: '-', access, timeoutMs: 300 });
    expect(got.error?.message).not.toContain('proxy');
  });
});
