// A scenario or a rival from a file: JSON in the form of scenario.ts or rival.ts. Whatever is wrong with it is
// said before anything starts, in one line: where in the file, what stands there, what is
// accepted.
import { z } from 'zod';
import { checkPieceLength } from '../../content/piece-length.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { readNamed } from '../../runtime/node/named-file.ts';
import { checkScenario } from '../analysis/check-scenario.ts';
import { settingOf, sweepPoints } from '../terms/planned-run.ts';
import { type Rival, rivalSchema } from '../terms/rival.ts';
import { type Scenario, scenarioSchema } from '../terms/scenario.ts';
import type { Setting } from '../terms/setting.ts';
import { findRival } from './rivals.ts';

/** Longer is no scenario, and would be read whole. */
const MAX_BYTES = 2 ** 20;

/** @throws HubswarmError ERR_USAGE, or of the file system */
export async function loadScenario(path: string, base: Setting): Promise<Scenario> {
  const text = await readNamed(path, MAX_BYTES);
  const scenario = parseScenario(text, path);
  checkScenario(scenario);
  checkSettings(scenario, path, base);
  return scenario;
}

const refusal = (path: string, what: string): HubswarmError =>
  new HubswarmError('ERR_USAGE', `${path}: ${what}`);

/** @param path for messages only */
export const parseScenario = (text: string, path: string): Scenario =>
  parse(scenarioSchema, withShipped(parseJson(text, path)), path);

/** A rival from a file. @throws as {@link loadScenario} */
export async function loadRival(path: string): Promise<Rival> {
  return parse(rivalSchema, parseJson(await readNamed(path, MAX_BYTES), path), path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : '';
    throw refusal(path, `not JSON (${why})`);
  }
}

function parse<T extends z.ZodType>(schema: T, raw: unknown, path: string): z.infer<T> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw refusal(path, issueText(parsed.error.issues[0]!, raw, schema));
}

/** An arm may name a rival that the lab ships; what is stored of it is its data. */
function withShipped(raw: unknown): unknown {
  const { arms } = (raw ?? {}) as { arms?: unknown };
  if (!Array.isArray(arms)) return raw;
  const filled = arms.map((arm: { rival?: unknown } | null) =>
    typeof arm?.rival === 'string' ? { ...arm, rival: findRival(arm.rival) } : arm,
  );
  return { ...(raw as object), arms: filled };
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`,
    '',
  );

/** `sweep.receivers[1]: -3 is not accepted; give a number, at least 1` */
function issueText(issue: Issue, raw: unknown, schema: z.ZodType): string {
  if (issue.code === 'unrecognized_keys') {
    const at = pathText([...issue.path, issue.keys[0]!]);
    const known = keysAt(issue.path, schema);
    return `${at}: no such key${known.length > 0 ? `; accepted are ${known.join(', ')}` : ''}`;
  }
  const { issue: deepest, path } = deepen(issue);
  if (deepest.code === 'unrecognized_keys') {
    return `${pathText([...path, deepest.keys[0]!])}: no such key`;
  }
  const value = valueAt(raw, path);
  const where = path.length > 0 ? `${pathText(path)}: ` : '';
  const given = value === undefined ? 'is missing' : `${shorten(value)} is not accepted`;
  return `${where}${given}; give ${accepted(deepest)}`;
}

/** For a union without a match: the issue of the member that matched furthest, if any. */
function deepen(issue: Issue): { issue: Issue; path: Path } {
  if (issue.code !== 'invalid_union') return { issue, path: issue.path };
  const furthest = issue.errors
    .map((errors) => errors[0])
    .filter((inner) => inner !== undefined)
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (!furthest || furthest.path.length === 0) return { issue, path: issue.path };
  const inner = deepen(furthest);
  return { issue: inner.issue, path: [...issue.path, ...inner.path] };
}

function accepted(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : article(issue.expected);
    case 'too_small':
      if (issue.origin === 'array') return `at least ${issue.minimum} of them`;
      return `a number ${issue.inclusive ? 'of at least' : 'over'} ${issue.minimum}`;
    case 'too_big':
      return `a number of at most ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_key':
      return issue.issues[0] ? accepted(issue.issues[0]) : issue.message;
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((errors) => errors.slice(0, 1).map(accepted)))].join(
        ', or ',
      );
    default:
      // The schema's own words: what a text must look like.
      return issue.message;
  }
}

const article = (type: string): string =>
  type === 'record' ? 'an object' : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

const valueAt = (raw: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);

/** Keys that an object at that place may have; empty if several kinds are allowed. */
function keysAt(path: Path, whole: z.ZodType): string[] {
  let schema: unknown = whole;
  for (const key of path) {
    const outer = bare(schema);
    if (outer instanceof z.ZodArray) schema = outer.element;
    else if (outer instanceof z.ZodObject) schema = outer.shape[String(key)];
    else return [];
  }
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
    ? bare(schema.unwrap())
    : schema;
}

/** Checks what no schema can: settings that contradict each other. */
function checkSettings(scenario: Scenario, path: string, base: Setting): void {
  const { least, most } = scenario.repetitions;
  if (most < least) {
    throw refusal(path, `repetitions.most: ${most} is not accepted; give at least ${least}`);
  }
  for (const at of sweepPoints(scenario)) {
    for (const arm of scenario.arms) {
      const { pieceLength } = settingOf(scenario, arm, at, base);
      if (pieceLength !== null) checkPieceLength(`${path}: pieceLength`, pieceLength);
    }
  }
}
