// What an operator does with the built hub: drains it, rotates its log, scrapes it, watches it.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';

const MIB = 2 ** 20;
const SOON = { timeout: 15_000 };

async function hub(root: string, ...args: string[]): Promise<{ server: Running; url: string }> {
  const server = start(['server', '--json', '--root', root, '--port', '0', ...args]);
  const { addresses } = await server.until('listening');
  return { server, url: addresses[0]! };
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

describe('the end of a hub', () => {
  it('refuses new connections, ends a download whole, and exits with 0', async () => {
    const root = await scratch();
    await randomFile(join(root, 'f'), 3 * MIB);
    const { server, url } = await hub(root, '--uplink', '2MiB/s', '--drain-delay', '0.5');
    const response = await fetch(`${url}files/f`);
    server.child.kill('SIGTERM');
    // A question asked now could be one of the requests under way.
    await server.until('drain_started');
    expect(await statusOf(`${url}readyz`)).toBe(503);
    expect(await statusOf(`${url}healthz`)).toBe(200);
    await expect.poll(() => statusOf(`${url}healthz`).catch(() => 'refused'), SOON).toBe('refused');
    expect((await response.arrayBuffer()).byteLength).toBe(3 * MIB);
    expect(await server.exit).toBe(0);
    const drains = server.events.filter(({ event }) => event === 'drain_started');
    expect(drains).toMatchObject([{ requests: 1, delayMs: 500 }]);
    expect(server.stderr).toBe('');
  });

  it('cuts what is not over within its grace, and comes at once on a second signal', async () => {
    const root = await scratch();
    await randomFile(join(root, 'f'), 4 * MIB);
    const graceful = await hub(root, '--uplink', '64KiB/s', '--grace', '0.2');
    const cut = fetch(`${graceful.url}files/f`).then((response) => response.arrayBuffer());
    cut.catch(() => undefined);
    await graceful.server.until('link_counted', ({ sentBytes }) => sentBytes > 0);
    expect(await graceful.server.end()).toBe(0);
    await expect(cut).rejects.toThrow();

    const hurried = await hub(root, '--uplink', '64KiB/s', '--drain-delay', '600');
    hurried.server.child.kill('SIGTERM');
    await expect.poll(() => statusOf(`${hurried.url}readyz`), SOON).toBe(503);
    expect(await hurried.server.end('SIGINT')).toBe(130);
  });
});

describe('an operator', () => {
  it('rotates the log with SIGHUP, and loses no line of it', async () => {
    const dir = await scratch();
    const log = join(dir, 'access.log');
    const { server, url } = await hub(await scratch(), '--access-log', log);
    await statusOf(`${url}files/first`);
    await rename(log, `${log}.1`);
    server.child.kill('SIGHUP');
    await expect.poll(() => readFile(log, 'utf8').catch(() => undefined), SOON).toBe('');
    await statusOf(`${url}files/second`);
    expect(await server.end()).toBe(0);
    const paths = async (path: string) =>
      (await readFile(path, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).path);
    expect(await paths(`${log}.1`)).toEqual(['/files/first']);
    expect(await paths(log)).toEqual(['/files/second']);
  });

  it('reads the log on standard output, in the combined format', async () => {
    const args = ['server', '--root', await scratch(), '--port', '0', '--access-log', '-'];
    const server = start([...args, '--access-log-format', 'combined']);
    await expect.poll(() => server.stderr, SOON).toContain('listening on');
    const url = /http:\S+/.exec(server.stderr)![0];
    await fetch(`${url}healthz`, { headers: { 'user-agent': 'a"b' } });
    expect(await server.end()).toBe(0);
    expect(server.stdout).toMatch(
      /^127\.0\.0\.1 - - \[.*\] "GET \/healthz HTTP\/1\.1" 200 \d+ "-" "a\\"b"$/m,
    );
  });

  it('scrapes /metrics, and is told wrong options in one line', async () => {
    const root = await scratch();
    await writeFile(join(root, 'f'), 'hello');
    const { url } = await hub(root);
    for (let i = 0; i < 3; i++) await (await fetch(`${url}files/f`)).arrayBuffer();
    const text = await (await fetch(`${url}metrics`)).text();
    expect(text).toMatch(/^hubswarm_requests_total\{method="GET",route="files",status="2xx"\} 3$/m);
    expect(text).toMatch(/^hubswarm_sent_bytes_total 15$/m);
    const wrong: [string[], RegExp][] = [
      [['--max-connections', '0'], /--max-connections: '0' is not accepted/],
      [['--max-header-size', '1GB'], /--max-header-size: '1GB' is not accepted; give 1KiB to 1MiB/],
      [['--headers-timeout', '0'], /--headers-timeout: '0' is not accepted; give seconds over 0/],
      [['--grace', '-1'], /--grace: '-1' is not accepted/],
      [['--access-log-format', 'xml'], /'xml' is not known; give json or combined/],
      [['--access-log', '-', '--json'], /--json: cannot be given with '--access-log -'/],
    ];
    for (const [args, line] of wrong) {
      const ended = await run(['server', '--root', root, '--port', '0', ...args]);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  });

  it('watches files come, as lines or JSON, and across a restart of the hub', async () => {
    const root = await scratch();
    const first = await hub(root);
    const watching = start(['client', 'watch', '--json', '--count', '2', first.url]);
    const metrics = `${first.url}metrics`;
    await expect
      .poll(async () => (await fetch(metrics)).text(), SOON)
      .toMatch(/^hubswarm_event_subscribers 1$/m);
    await writeFile(join(root, 'a'), 'x');
    await expect.poll(() => watching.stdout, SOON).toContain('/a');
    await first.server.end();
    const port = new URL(first.url).port;
    const again = start(['server', '--json', '--root', root, '--port', port]);
    await again.until('listening');
    await expect.poll(() => watching.stdout, SOON).toContain('"reset"');
    await writeFile(join(root, 'b'), 'x');
    expect(await watching.exit).toBe(0);
    const told = watching.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.map(({ event, path }) => [event, path])).toEqual([
      ['file_added', '/a'],
      ['reset', undefined],
      ['file_added', '/b'],
    ]);
    const human = start([
      'client',
      'watch',
      '--once',
      '--after',
      told[0].id,
      '--via',
      'ws',
      first.url,
    ]);
    await expect.poll(() => human.stdout, SOON).toContain('reset');
    await writeFile(join(root, 'c'), 'xyz');
    expect(await human.exit).toBe(0);
    expect(human.stdout).toMatch(/^\S+Z file_added +\/c {2}3 B$/m);
  });
});
