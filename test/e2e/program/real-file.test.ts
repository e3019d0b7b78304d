// One real file, the Node.js binary that runs this test, through both architectures.
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { run, scratch, sha256, start } from '../binary.ts';

const REAL = process.execPath;
const NAME = basename(REAL);

describe('the Node.js binary', () => {
  it('goes from the hub to a client', async () => {
    const dir = await scratch();
    const hub = start(['server', '--root', dirname(REAL), '--port', '0', '--json']);
    const { addresses } = await hub.until('listening');
    const url = new URL(`files/${NAME}`, addresses[0]).href;
    const { code } = await run(['client', 'get', url, '-o', join(dir, 'copy'), '--quiet']);
    expect(code).toBe(0);
    expect(await sha256(join(dir, 'copy'))).toBe(await sha256(REAL));
  }, 60_000);

  it('answers curl -i -r with the bytes that were asked for', {
    ...needs('curl'),
    timeout: 60_000,
  }, async () => {
    const hub = start(['server', '--root', dirname(REAL), '--port', '0', '--json']);
    const { addresses } = await hub.until('listening');
    const url = new URL(`files/${NAME}`, addresses[0]).href;
    const { stdout } = await promisify(execFile)('curl', ['-s', '-i', '-r', '1000-1099', url], {
      encoding: 'buffer',
    });
    const file = await open(REAL);
    const { buffer } = await file.read(Buffer.alloc(100), 0, 100, 1000);
    await file.close();
    const end = stdout.indexOf('\r\n\r\n');
    const head = stdout.subarray(0, end).toString('latin1');
    expect(head).toMatch(/^HTTP\/1\.1 206 /);
    expect(head).toMatch(/\r\ncontent-range: bytes 1000-1099\/\d+/i);
    expect(head).toMatch(/\r\netag: "bafybei\w+"/i);
    expect(stdout.subarray(end + 4).equals(buffer)).toBe(true);
  });

  it('goes from peer to peer to peer', async () => {
    const dir = await scratch();
    const peer = (name: string, ...args: string[]) =>
      start(['peer', '--json', '--data', join(dir, name), ...args]);
    const first = peer('first-data', '--share', REAL);
    const { cid } = await first.until('file_shared');
    const out = (name: string) => ['--get', cid, '--out', join(dir, name)];
    const join1 = (await first.until('listening')).addresses[0]!;
    const second = peer('second-data', '--join', join1, ...out('second'));
    await second.until('transfer_completed');
    await first.end('SIGKILL');
    const join2 = (await second.until('listening')).addresses[0]!;
    const third = peer('third-data', '--join', join2, ...out('third'), '--linger', '0');
    expect(await third.exit).toBe(0);
    expect(await sha256(join(dir, 'third', NAME))).toBe(await sha256(REAL));
  }, 60_000);
});
