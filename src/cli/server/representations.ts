// The options of `hubswarm server` for how files are presented: caching, compression,
// and where else they are.
import type { Command } from 'commander';
import { parseHttpUrl, showUrl } from '../../client/http/url.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { RepresentationOptions } from '../../server/hall/representations.ts';
import { MAX_MIRRORS } from '../../server/message/mirror-links.ts';

export interface RepresentationFlags {
  readonly compress: boolean;
  readonly precompressed?: boolean;
  readonly index?: boolean;
  readonly cacheControl?: string;
  readonly mirror?: readonly string[];
}

export function addRepresentationOptions(command: Command): Command {
  return command
    .option('--no-compress', 'send text uncompressed, also to clients that accept gzip or br')
    .option(
      '--precompressed',
      'send FILE.br or FILE.gz in place of the text FILE beside it, if it decodes to FILE',
    )
    .option(
      '--index',
      'answer a directory with its index.html, if it has one, in place of its listing (JSON and archives stay)',
    )
    .option(
      '--cache-control <value>',
      "the Cache-Control of files, as in 'public, max-age=3600' (default: no-cache)",
      cacheControl,
    )
    .option(
      '--mirror <url...>',
      'tell clients of other servers with the same files (as in http://10.0.0.2:8080/files/)',
      mirror,
    );
}

export function representationOptionsOf(flags: RepresentationFlags): RepresentationOptions {
  const { compress, precompressed, index, cacheControl, mirror: mirrors } = flags;
  return { compress, precompressed, index, cacheControl, mirrors };
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

/** One more of them. It is published as it is, so it holds no credentials. */
function mirror(text: string, before: readonly string[] = []): readonly string[] {
  const url = parseHttpUrl(text, '--mirror');
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw new HubswarmError(
      'ERR_USAGE',
      `--mirror: '${showUrl(url)}' has a query or credentials; give the plain URL of the directory with the files`,
    );
  }
  if (before.length === MAX_MIRRORS) {
    throw new HubswarmError('ERR_USAGE', `--mirror: more than ${MAX_MIRRORS}; give fewer`);
  }
  return [...before, url.href.replace(/\/*$/, '/')];
}
