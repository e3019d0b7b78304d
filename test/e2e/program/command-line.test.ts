// Wrong command lines: one line that names what was given and what is accepted, exit 2,
// and nothing begun. What other tests of a command hold already is not repeated here.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, scratch, start } from '../binary.ts';

const CIDS = ['a', 'b'].map(
  (last) => `bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5${last}`,
) as [string, string];
const URL = 'http://127.0.0.1:1/files/f';

describe('a wrong command line', () => {
  it.each<[string[], string]>([
    [['token', 'chekc', 'x'], "unknown command 'chekc' (Did you mean check?)"],
    [['compare', 'repot', 'dir'], "unknown command 'repot' (Did you mean report?)"],
    [['token', '--subject', 'a\nb'], "--subject: 'a?b' is not accepted; give one line"],
    [['token', '--key', ''], "--key: '' is not accepted; give <file>"],
    [['server', '--host', ''], "--host: '' is not accepted; give <address>"],
    [['server', '--root', ' '], "--root: ' ' is not accepted; give <dir>"],
    [['server', '--allow', ''], '--allow: '],
    [['cid', 'a', 'b'], "'b' is not accepted; give <path> alone"],
    [['server', 'x', 'y'], "'y' is not accepted; give <"],
    [['server', '--quota', '1GiB'], '--quota does nothing without --writable; give both'],
    [['server', '--upload-expiry', '0'], "--upload-expiry: '0' is not accepted; give seconds over"],
    [['server', '--grace', '99999999'], "--grace: '99999999' is not accepted; give seconds, 0 to"],
    [['server', '--proxy-header', 'x-real-ip'], "'x-real-ip' is not known; give x-forwarded-for"],
    [['server', '--proxy-header', 'forwarded'], 'does nothing without --trust-proxy; give both'],
    [['server', '--access-log-format', 'json'], 'does nothing without --access-log; give both'],
    [['server', '--tls', '--tls-cert', 'c', '--tls-key', 'k'], '--tls: not with --tls-cert'],
    [['server', '--cache', 'hub'], "--cache: 'hub' is not a URL; give http://"],
    [['server', '--cache', 'http://127.0.0.1:1', '--root', '.'], '--root: not with --cache'],
    [['server', '--cache-control', 'a\nb'], "--cache-control: 'a?b' is not accepted"],
    [['server\u001b[31m'], "unknown command 'server?[31m'"],
    [['client', 'get', URL, '-', '-o', 'f'], "-o: 'f' and '-' are two places; give one"],
    [['client', 'get', '-'], "URL: '-' is not a URL"],
    [['client', 'get', '--token', '', URL], "--token: '' is not accepted; give <token>"],
    [
      ['client', 'put', '-', 'http://127.0.0.1:1/files/'],
      '-: standard input has no name; give one',
    ],
    [['client', 'put', 'a', 'b'], "URL: 'b' is not a URL"],
    [['client', 'get', URL, 'out.bin'], "URL: 'out.bin' is not a URL"],
    [
      ['client', 'get', URL, '-o', 'a', '--output', 'b'],
      '--output: two values are given; give one',
    ],
    [
      ['client', 'get', URL, '--token', 'a', '--token=b'],
      '--token: two values are given; give one',
    ],
    [['server', '--host', '::1', '--host', '127.0.0.1'], '--host: two values are given; give one'],
    [['server', 'a', '--root', 'b'], "--root: 'b' and 'a' are two directories; give one"],
    [['peer', '--get', CIDS[0], CIDS[1]], 'are two; give one'],
  ])('%j ends in one line', async (args, message) => {
    const where = args[0] === 'server' ? ['--port', '0'] : [];
    const { code, stdout, stderr } = await run([...args, ...where]);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    // Nothing of it moves the cursor or changes colours.
    expect(stderr.trim()).not.toMatch(/\p{Cc}/u);
  });
});

describe('client get', () => {
  it("takes '-' after the URLs for standard output, and tells of a directory's URL", async () => {
    const root = await scratch();
    await writeFile(join(root, 'f'), 'bytes\n');
    const hub = start(['server', '--root', root, '--port', '0', '--json']);
    const [url] = (await hub.until('listening')).addresses;
    const got = await run(['client', 'get', `${url}files/f`, `${url}files/f`, '-', '--quiet']);
    expect(got).toEqual({ code: 0, stdout: 'bytes\n', stderr: '' });
    const listed = await run(['client', 'get', `${url}files/?format=json`, '-']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ path: '/files/' });
    expect(listed.stderr).toContain('-r fetches what is in it');
  });
});

describe('help', () => {
  it.each([
    ['server'],
    ['token'],
    ['balancer', 'nginx'],
    ['client', 'get'],
    ['client', 'put'],
    ['client', 'watch'],
    ['peer'],
    ['attack'],
  ])('%s %s tells each default once, as people write it', async (...command) => {
    const { code, stdout } = await run([...command, '--help']);
    expect(code).toBe(0);
    // Each option begins a line with two spaces and its name.
    for (const text of stdout.split(/\n {2}(?=-)/).slice(1)) {
      expect((text.match(/\(default/g) ?? []).length).toBeLessThanOrEqual(1);
      expect(text).not.toMatch(/default: (false|true|\d{5,}|\[)|preset/);
    }
  });
});
