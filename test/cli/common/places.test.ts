// Each command, with a file for a directory and the other way round.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDirectory, checkSource } from '../../../src/cli/common/places.ts';
import { entriesOf } from '../../../src/cli/manual/commands.ts';
import { createProgram } from '../../../src/cli/program.ts';

const DIR = mkdtempSync(join(tmpdir(), 'hubswarm-places-'));
afterAll(() => rmSync(DIR, { recursive: true }));
const FILE = join(DIR, 'file');
writeFileSync(FILE, '');

const OPTIONS = entriesOf(await createProgram()).flatMap(({ path, command }) =>
  command.options.map(({ long, flags }) => ({
    above: path.split(' ').slice(1),
    long: long!,
    flags,
  })),
);
const options = (end: string) => OPTIONS.filter(({ flags }) => flags.endsWith(end));

const parse = async (args: string[]): Promise<unknown> =>
  (await createProgram()).parseAsync(args, { from: 'user' });

describe('a place of the wrong kind is wrong usage', () => {
  it('is looked for in many commands', () => {
    expect(options('<dir>').length).toBeGreaterThan(7);
    expect(options('<file>').length).toBeGreaterThan(7);
  });

  it.each(options('<dir>'))('$above $long', async ({ above, long }) => {
    await expect(parse([...above, long, FILE])).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: `${long}: ${FILE} is a file; give a directory`,
    });
  });

  it.each([...options('<file>'), ...options('[file]')])('$above $long', async ({ above, long }) => {
    await expect(parse([...above, long, DIR])).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: `${long}: ${DIR} is a directory; give a file`,
    });
  });

  it.each([
    [['server', FILE], 'DIR'],
    [['compare', 'report', FILE], 'DIR'],
    [['client', 'get', '-r', 'http://127.0.0.1:9/', FILE], '-r'],
  ])('%j', async (args, label) => {
    await expect(parse(args)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: `${label}: ${FILE} is a file; give a directory`,
    });
  });
});

it('a directory that is missing may be made', () => {
  expect(() => checkDirectory('--out', join(DIR, 'missing'))).not.toThrow();
  expect(() => checkDirectory('--out', DIR)).not.toThrow();
});

it('what is shared must be there', () => {
  expect(() => checkSource('a', FILE)).not.toThrow();
  expect(() => checkSource('a', DIR)).not.toThrow();
  const missing = { code: 'ERR_NOT_FOUND', message: 'a: no such file or directory' };
  expect(() => checkSource('a', join(DIR, 'missing'))).toThrow(expect.objectContaining(missing));
  expect(() => checkSource('a', '/dev/null')).toThrow(/^a: is a special file; /);
});
