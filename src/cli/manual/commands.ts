// The command table as the man page and the completions read it.
import type { Argument, Command, Option } from 'commander';

export interface Entry {
  /** As it is typed: `hubswarm client get`. */
  readonly path: string;
  readonly command: Command;
  readonly options: readonly Option[];
  readonly commands: readonly Command[];
}

/** A command and all below it, each before its own. `help` is left out: --help says the same. */
export function entriesOf(command: Command, above = ''): Entry[] {
  const help = command.createHelp();
  const path = `${above}${command.name()}`;
  const commands = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const options = help.visibleOptions(command);
  const below = commands.flatMap((child) => entriesOf(child, `${path} `));
  return [{ path, command, options, commands }, ...below];
}

/** How it is typed, behind the name: `<url...>`. */
export const nameOf = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

/** Whether something must or may follow it. */
export const takesValue = ({ required, optional }: Option): boolean => required || optional;

/** `--json`, `-o`. */
export const flagsOf = ({ long, short }: Option): string[] =>
  [short, long].filter((flag): flag is string => flag !== undefined && flag !== null);

/** The first sentence of a description. */
export const firstSentence = (text: string): string =>
  text.split(/(?<=\.) /)[0]!.replace(/\.$/, '');
