// What holds for every command alike: a wrong command line ends in one line on standard
// error, no value is empty, and each default stands in the help once and as people write it.
import { Command, type Option } from 'commander';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';
import { refuseWrongPlaces } from './places.ts';

/** Where the names of options leave less, help is not wrapped. Chosen. */
const MIN_DESCRIPTION_WIDTH = 24;

export function strict(command: Command): void {
  // Commander's exit() in the middle of things becomes an error that main() sees.
  command.exitOverride();
  command.configureHelp({
    showGlobalOptions: true,
    optionDescription: describeOption,
    minWidthToWrap: MIN_DESCRIPTION_WIDTH,
  });
  command.configureOutput({
    outputError: (text, write) => {
      const line = showText(text.trim().replaceAll('\n', ' '));
      const told = excess(command, line) ?? line.replace(/^error: /, '').replace(/\.$/, '');
      write(`hubswarm: ${told}; see '${pathOf(command)} --help'\n`);
    },
  });
  for (const option of command.options) {
    refuseEmpty(command, option);
    refuseTwice(command, option);
  }
  refuseWrongPlaces(command);
  refuseUnknown(command);
  refuseEmptyArgument(command);
  for (const child of command.commands) strict(child);
}

/** In place of a number of arguments, which a person would have to count: the first that is one too many. */
function excess({ args, registeredArguments: taken }: Command, line: string): string | undefined {
  if (!line.startsWith('error: too many arguments')) return undefined;
  const wanted = taken.map((each) => `<${each.name()}>`).join(' ');
  const given = `'${showText(args[taken.length] ?? '')}' is not accepted`;
  return wanted === '' ? `${given}; give no argument` : `${given}; give ${wanted} alone`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/**
 * A command that acts by itself as well takes the misspelt name of one below it for an argument:
 * it says what a command says that does not.
 */
function refuseUnknown(command: Command): void {
  if (command.commands.length === 0 || command.registeredArguments.length > 0) return;
  command.allowExcessArguments().hook('preAction', (_, acting) => {
    if (acting !== command || command.args.length === 0) return;
    const bare = new Command(command.name()).copyInheritedSettings(command);
    for (const child of command.commands) bare.command(child.name());
    bare.parse(command.args, { from: 'user' });
  });
}

/** As a shell gives it for a variable that is not set: hardly ever what was meant. */
function refuseEmpty(command: Command, { flags, long }: Option): void {
  const wanted = /[<[].*$/.exec(flags)?.[0];
  if (!wanted) return;
  command.on(`option:${long?.slice(2)}`, (text: string | null) => {
    if (text === null || text.trim() !== '') return;
    throw new HubswarmError(
      'ERR_USAGE',
      `${long}: '${showText(text)}' is not accepted; give ${wanted}`,
    );
  });
}

/** An empty path would mean the working directory. */
function refuseEmptyArgument(command: Command): void {
  const { registeredArguments: wanted } = command;
  command.hook('preAction', (_, acting) => {
    const index = acting === command ? command.args.indexOf('') : -1;
    if (index < 0) return;
    const name = (wanted[index] ?? wanted.at(-1))?.name();
    throw new HubswarmError('ERR_USAGE', `'' is not accepted; give <${name}>`);
  });
}

/** Which of two values was meant, nobody can tell. An option that may be repeated collects a list. */
function refuseTwice(command: Command, option: Option): void {
  if (!option.required && !option.optional) return;
  let before: string | undefined;
  command.on(`option:${option.name()}`, (text: string | null) => {
    if (Array.isArray(command.getOptionValue(option.attributeName()))) return;
    // The values are not shown: one may be a token.
    if (before !== undefined && before !== (text ?? '')) {
      throw new HubswarmError('ERR_USAGE', `${option.long}: two values are given; give one`);
    }
    before = text ?? '';
  });
}

/** Of a flag the default is that it is not given. */
function describeOption(option: Option): string {
  const { description, defaultValue, defaultValueDescription } = option;
  const isNone = defaultValue === undefined || typeof defaultValue === 'boolean';
  if (isNone || String(defaultValue) === '' || description.includes('(default:')) {
    return description;
  }
  return `${description} (default: ${defaultValueDescription ?? String(defaultValue)})`;
}
