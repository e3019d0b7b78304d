import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { cidCommand } from '../../src/cli/cid.ts';
import { seededBytes, tempDir } from '../disk/files.ts';

/** What the command prints on stdout. */
async function run(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await cidCommand().exitOverride().parseAsync(args, { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    write.mockRestore();
  }
}

describe('hubswarm cid', () => {
  it('prints the CID and nothing else', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, 'hello world');
    expect(await run(path)).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e\n');
  });

  it('prints one JSON object with --json, of the pieces that were asked for', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(40_000));
    expect(JSON.parse(await run(path, '--json', '--chunk-size', '16KiB'))).toEqual({
      cid: expect.stringMatching(/^bafybei/),
      bytes: 40_000,
      pieces: 3,
      pieceLength: 16_384,
      ms: expect.any(Number),
    });
  });

  it.each([
    ['1KiB', /--chunk-size: 1024 bytes is not accepted; give a multiple/],
    ['large', /--chunk-size: 'large' is not a size/],
  ])('refuses pieces of %s', async (size, message) => {
    await expect(run('file', '--chunk-size', size)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(message),
    });
  });

  it('says that a path does not exist', async () => {
    const path = join(await tempDir(), 'missing');
    await expect(run(path)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });
});
