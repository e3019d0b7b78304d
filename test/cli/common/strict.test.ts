import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../../src/cli/manual/commands.ts';
import { createProgram } from '../../../src/cli/program.ts';

/** What the program says to a command line that it refuses. */
async function refusal(args: string[]): Promise<string> {
  const program = await createProgram();
  let told = '';
  const writeErr = (text: string) => {
    told += text;
  };
  for (const { command } of entriesOf(program)) command.configureOutput({ writeErr });
  await expect(program.parseAsync(args, { from: 'user' })).rejects.toMatchObject({
    code: 'commander.unknownCommand',
  });
  return told;
}

const MISSPELT = entriesOf(await createProgram()).flatMap(({ path, commands }) =>
  commands.map((child) => ({
    path,
    above: path.split(' ').slice(1),
    name: child.name(),
    given: `${child.name()}${child.name().at(-1)}`,
  })),
);

describe('a misspelt name of a command', () => {
  it('is looked for below every command that has some', () => {
    const paths = new Set(MISSPELT.map(({ path }) => path));
    expect([...paths].sort()).toEqual([
      'hubswarm',
      'hubswarm balancer',
      'hubswarm client',
      'hubswarm compare',
      'hubswarm token',
    ]);
  });

  it.each(MISSPELT)('$path $given: $name was meant', async ({ path, above, name, given }) => {
    expect(await refusal([...above, given, 'more'])).toMatch(
      new RegExp(
        `^hubswarm: unknown command '${given}' \\(Did you mean .*\\b${name}\\b.*\\?\\); see '${path} --help'\n$`,
      ),
    );
  });

  it.each(['compare', 'token'])('%s acts by itself, and takes no arguments', async (name) => {
    expect(await refusal([name, '--json', 'zzz'])).toBe(
      `hubswarm: unknown command 'zzz'; see 'hubswarm ${name} --help'\n`,
    );
  });
});
