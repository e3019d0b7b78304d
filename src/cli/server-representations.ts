// The options of `hubswarm server` for how files are presented: caching, compression.
import type { Command } from 'commander';
import { HubswarmError } from '../runtime/errors.ts';
import type { RepresentationOptions } from '../server/representations.ts';

export interface RepresentationFlags {
  readonly compress: boolean;
  readonly cacheControl?: string;
}

export function addRepresentationOptions(command: Command): Command {
  return command
    .option('--no-compress', 'send text as it is, also to who accepts gzip or br')
    .option(
      '--cache-control <value>',
      "the Cache-Control of files, as in 'public, max-age=3600' (default: no-cache)",
      cacheControl,
    );
}

export function representationOptionsOf(flags: RepresentationFlags): RepresentationOptions {
  return { compress: flags.compress, cacheControl: flags.cacheControl };
}

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
const DIRECTIVE = `${TOKEN}(?:=(?:${TOKEN}|"[^"\\\\\\x00-\\x1f\\x7f-\\uffff]*"))?`;
/** RFC 9111 section 5.2. */
const DIRECTIVES = new RegExp(`^${DIRECTIVE}(?:[ \\t]*,[ \\t]*${DIRECTIVE})*$`);

function cacheControl(text: string): string {
  if (DIRECTIVES.test(text)) return text;
  throw new HubswarmError(
    'ERR_USAGE',
    `--cache-control: '${text}' is not accepted; give directives, as in 'public, max-age=3600'`,
  );
}
