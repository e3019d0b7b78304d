// The command line of a script: --help prints the comment at its head, and what it does not know
// is refused in one line, before anything begins.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @param {string} script `import.meta.filename` of the script
 * @param {{most?: number, options?: object}} accepted at most so many arguments, and options as
 * parseArgs() takes them
 * @returns {{values: Record<string, string>, args: string[]}}
 */
export function commandLine(script, { most = 0, options = {} } = {}) {
  try {
    const { values, positionals: args } = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(headOf(script));
      process.exit();
    }
    if (args.length > most) throw new Error(`'${args[most]}' is one argument too many`);
    return { values, args };
  } catch (error) {
    // What Node.js advises behind the first sentence is about arguments that begin with '-'.
    return refuse(script, error.message.split('. ')[0]);
  }
}

/**
 * The arguments of a script that takes numbers.
 *
 * @param {string} script `import.meta.filename` of the script
 * @param {[name: string, otherwise: number, least?: number][]} accepted in their order; from 1 on
 * if `least` says nothing else, and whole if that is whole
 */
export function numbers(script, ...accepted) {
  const { args } = commandLine(script, { most: accepted.length });
  return accepted.map(([name, otherwise, least = 1], at) =>
    numberOf(script, name, args[at] ?? otherwise, least),
  );
}

/** @param {string | number} given what stands for the number on the command line */
export function numberOf(script, name, given, least) {
  const value = Number(given);
  const isWhole = Number.isInteger(least);
  if (value >= least && Number.isFinite(value) && (!isWhole || Number.isInteger(value))) {
    return value;
  }
  const accepted = `${isWhole ? 'a whole number' : 'a number'} from ${least}`;
  return refuse(script, `${name}: '${given}' is not accepted; give ${accepted}`);
}

/** Says why in one line, and ends. */
export function refuse(script, why) {
  const name = basename(script);
  console.error(`${name}: ${why}; see 'node scripts/${name} --help'`);
  process.exit(2);
}

/** The comment at the head of a script, as text. */
function headOf(script) {
  const [head] = /^(\/\/.*\n)+/.exec(readFileSync(script, 'utf8'));
  return head.replaceAll(/^\/\/ ?/gm, '');
}
