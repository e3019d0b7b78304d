// Several requests on one connection, and how it ends (RFC 9112 section 9).
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub } from '../hub.ts';

/** All that comes back until the connection ends. */
function answersTo(hub: Hub, request: string, { halfClose = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = hub.socket();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    if (halfClose) socket.end(request);
    else socket.write(request);
  });
}

const statuses = (text: string) =>
  [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));

const ask = (method: string, path: string, ...fields: string[]) =>
  `${[`${method} ${path} HTTP/1.1`, 'Host: hub', ...fields].join('\r\n')}\r\n\r\n`;
const END = 'Connection: close';

describe('a connection', () => {
  it('has its requests answered one after the other, each upon what the one before did', async () => {
    const hub = await startHub({ writable: true });
    const sent = [
      ask('GET', '/files/f'),
      `${ask('PUT', '/files/f', 'Content-Length: 6')}hello\n`,
      ask('GET', '/files/f'),
      ask('DELETE', '/files/f'),
      ask('GET', '/files/f', END),
    ];
    const text = await answersTo(hub, sent.join(''));
    expect(statuses(text)).toEqual([404, 201, 200, 204, 404]);
    expect(text).toContain('\r\n\r\nhello\nHTTP/1.1 204');
  });

  it.each([
    ['a request that is none', ask('GET', '/', 'X : a'), [404, 404, 400]],
    ['a body that is none', ask('PUT', '/files/f', 'Transfer-Encoding: chunked'), [404, 404, 400]],
  ])('has those before %s answered first', async (_what, bad, expected) => {
    const hub = await startHub({ writable: true });
    const text = await answersTo(hub, `${ask('GET', '/files/f').repeat(2)}${bad}zz\r\n`);
    expect(statuses(text)).toEqual(expected);
  });

  it.each([
    ['a protocol that is not spoken', '/files/f', 'h2c', 200],
    ['a WebSocket', '/events', 'websocket', 101],
  ])('has those before a wish for %s answered first', async (_what, path, upgrade, status) => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'hello\n');
    const fields = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const wish = ask('GET', path, 'Connection: Upgrade', `Upgrade: ${upgrade}`, ...fields);
    const socket = hub.socket();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.write(ask('GET', '/files/f').repeat(2) + wish);
    await expect.poll(() => statuses(text)).toEqual([200, 200, status]);
  });

  it.each([
    ['HTTP/1.1', 'h2c', '/files/f', 200],
    // RFC 9110 section 7.8: it must be ignored.
    ['HTTP/1.0', 'websocket', '/events?wait=0', 200],
  ])('of %s that wishes for %s ends as it asks', async (version, upgrade, path, status) => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'hello\n');
    const fields = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const json = 'Accept: application/json';
    const options = 'Connection: Upgrade, HTTP2-Settings, close';
    const wish = ask('GET', path, options, `Upgrade: ${upgrade}`, ...fields, json);
    const text = await answersTo(hub, wish.replace('HTTP/1.1', version));
    expect(statuses(text)).toEqual([status]);
    expect(text).toMatch(/^Connection: close\r$/m);
  });

  it.each([
    ['GET', 'Accept: */*', ''],
    ['PUT', 'Content-Length: 6', 'hello\n'],
    ['PUT', 'Transfer-Encoding: chunked', '6\r\nhello\n\r\n0\r\n\r\n'],
  ])(
    'says so if it has no answer behind a %s that wishes for h2c (%s)',
    async (method, field, body) => {
      const hub = await startHub({ writable: true });
      await writeFile(join(hub.root, 'f'), 'hello\n');
      const wish = ask(method, '/files/f', 'Connection: Upgrade', 'Upgrade: h2c', field);
      const text = await answersTo(hub, wish + body + ask('GET', '/files/f', END));
      const [first, second] = statuses(text);
      expect(first).toBe(method === 'GET' ? 200 : 204);
      // Node.js 26 loses what comes with a body (src/server/hall/upgrade.ts).
      const mayLose = method === 'PUT' && Number(process.versions.node.split('.')[0]) >= 25;
      expect(second).toBe(mayLose ? undefined : 200);
      expect(text.match(/^Connection: close\r$/gm)).toHaveLength(1);
    },
  );

  it('has no second answer behind its last', async () => {
    const hub = await startHub({ writable: true });
    const identity = ask('PUT', '/files/f', 'Transfer-Encoding: identity');
    expect(statuses(await answersTo(hub, `${identity}0\r\n\r\n`))).toEqual([501]);
  });

  it.each(['/files/f', '/files/', '/files/?archive=tar', '/metrics'])(
    'has the answer for %s after the client has ended its side',
    async (path) => {
      const hub = await startHub();
      await writeFile(join(hub.root, 'f'), 'hello');
      expect(statuses(await answersTo(hub, ask('GET', path), { halfClose: true }))).toEqual([200]);
    },
  );

  it('ends with its client where nothing may be said for long', async () => {
    const hub = await startHub();
    for (const accept of ['application/json', 'text/event-stream']) {
      const poll = ask('GET', '/events?wait=60', `Accept: ${accept}`);
      await answersTo(hub, poll, { halfClose: true });
    }
  });

  it.each([
    ['HTTP/1.1', [100, 201]],
    // RFC 9110 section 10.1.1: it must be ignored.
    ['HTTP/1.0', [201]],
  ])('of %s is asked for the body that waits for that', async (version, expected) => {
    const hub = await startHub({ writable: true });
    const fields = 'Host: hub\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue';
    const text = await answersTo(hub, `PUT /files/f ${version}\r\n${fields}\r\n\r\nhello`);
    expect(statuses(text)).toEqual(expected);
  });
});
