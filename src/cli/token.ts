// hubswarm token: makes tokens for `hubswarm server --token-key`, and shows keys and
// tokens. The token alone is on standard output, so that it can go where it is needed:
// curl -H "Authorization: Bearer $(hubswarm token --scope read)" ...
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { SCOPES, type Scope } from '../hub/access/rights.ts';
import { defaultTokenKeyFile, openTokenKey, readTokenKey } from '../hub/access/token-key.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { Refusal } from '../runtime/refusal.ts';
import { parseRequestPath } from '../server/message/request-path.ts';
import { named } from './common/options.ts';

interface MakeOptions {
  scope: Scope[];
  path?: string[][];
  expires: number;
  subject?: string;
  key?: string;
  json?: boolean;
}

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
/** Chosen: a token that is lost is of use to its finder no longer than that. */
const DEFAULT_LIFETIME = '30d';
const DEFAULT_SCOPES: Scope[] = ['read'];

export function tokenCommand(): Command {
  const key = ['--key <file>', 'the key; made if it is missing (default: your own)'] as const;
  return new Command('token')
    .description('Make a token for a hub (server --token-key).')
    .addOption(
      named(
        new Option(
          '--scope <scopes>',
          'scopes: read, write, delete, comma-separated; may be repeated',
        ),
        SCOPES,
      )
        .argParser(scopes)
        .default(DEFAULT_SCOPES, 'read'),
    )
    .option(
      '--path <prefix>',
      'only below this path of the hub, escaped as in its URL, as in /photos/2024/; may be repeated (default: everything)',
      prefixes,
    )
    .addOption(
      new Option('--expires <time>', 'how long it is valid: 90s, 15m, 12h, 7d or never')
        .argParser(lifetime)
        .default(lifetime(DEFAULT_LIFETIME), DEFAULT_LIFETIME),
    )
    .option('--subject <name>', 'who it is for; the access log names it', subject)
    .option(...key)
    .option('--json', 'one JSON object with the token, its id and claims')
    .action(makeToken)
    .addCommand(
      new Command('public')
        .description("Print the key's public half (PEM): enough for a server to check tokens.")
        .option(...key)
        .action(printPublic),
    )
    .addCommand(
      new Command('check')
        .description('Check a token against the key, and print its claims as JSON.')
        .argument('<token>', 'the token')
        .option('--key <file>', 'the key, or its public half (default: your own)')
        .action(checkToken),
    );
}

async function makeToken(options: MakeOptions): Promise<void> {
  const key = await openTokenKey(options.key ?? defaultTokenKeyFile(), tellMade);
  if (!key.signing) {
    throw new HubswarmError(
      'ERR_USAGE',
      `--key: ${options.key}: a public key makes no tokens; give the private one`,
    );
  }
  const { signToken } = await import('../hub/access/token.ts');
  const { scope, path, subject, expires } = options;
  const now = Date.now();
  const expiresAtMs = Number.isFinite(expires) ? now + expires : undefined;
  const id = randomUUID();
  const token = await signToken(key, {
    scopes: scope,
    paths: path,
    subject,
    id,
    issuedAtMs: now,
    expiresAtMs,
  });
  if (!options.json) return print(token);
  const ends = expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString();
  const paths = path?.map((segments) => `/${segments.join('/')}`) ?? ['/'];
  print(
    JSON.stringify({ token, id, scopes: scope, paths, subject: subject ?? null, expires: ends }),
  );
}

async function printPublic(_options: unknown, command: Command): Promise<void> {
  const { key: file } = command.optsWithGlobals<{ key?: string }>();
  const key = await openTokenKey(file ?? defaultTokenKeyFile(), tellMade);
  if (key.algorithm === 'HS256') {
    throw new HubswarmError('ERR_USAGE', `--key: ${file}: a secret has no public half`);
  }
  print(key.verifying.export({ type: 'spki', format: 'pem' }).toString().trim());
}

async function checkToken(token: string, _options: unknown, command: Command): Promise<void> {
  const { key: file } = command.optsWithGlobals<{ key?: string }>();
  const key = await readTokenKey(file ?? defaultTokenKeyFile());
  const { verifyToken } = await import('../hub/access/token.ts');
  const verified = await verifyToken(key, token, Date.now());
  const { scopes: granted, paths, subject, id, expiresAtMs } = verified;
  const expires = Number.isFinite(expiresAtMs) ? new Date(expiresAtMs).toISOString() : null;
  const shown = paths.map((segments) => `/${segments.join('/')}`);
  print(
    JSON.stringify({ id, scopes: [...granted], paths: shown, subject: subject ?? null, expires }),
  );
}

/** A name that was mistyped makes a key that no hub knows. */
function tellMade(path: string): void {
  process.stderr.write(`made a new key, ${path}: a hub knows it by --token-key ${path}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function scopes(text: string, before: Scope[]): Scope[] {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !SCOPES.includes(word as Scope));
  const given = before === DEFAULT_SCOPES ? [] : before;
  if (unknown === undefined) return [...new Set([...given, ...(words as Scope[])])];
  throw new HubswarmError(
    'ERR_USAGE',
    `--scope: '${unknown}' is not known; give read, write, delete or several with commas between`,
  );
}

function subject(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw new HubswarmError('ERR_USAGE', `--subject: '${text}' is not accepted; give one line`);
}

/** Read as the server reads the path of a request, so that both mean the same names. */
function prefixes(text: string, before: string[][] = []): string[][] {
  try {
    const { segments } = parseRequestPath(text.replace(/^\//, ''));
    return [...before, [...segments]];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new HubswarmError(
      'ERR_USAGE',
      `--path: '${text}': ${error.message}; give one as in /photos/2024/`,
    );
  }
}

/** Milliseconds. */
function lifetime(text: string): number {
  if (text === 'never') return Number.POSITIVE_INFINITY;
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (Number(count) > 0) return Number(count) * UNITS[unit]!;
  throw new HubswarmError(
    'ERR_USAGE',
    `--expires: '${text}' is not accepted; give a time as in 90s, 15m, 12h or 7d, or never`,
  );
}
