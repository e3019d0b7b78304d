// The `--json` events as JSON Schema and as a page, written from the types and comments of
// src/telemetry/event.ts.
import { resolve } from 'node:path';
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { EVENT_SCHEMA } from '../../src/telemetry/event.ts';

const HOME = resolve(import.meta.dirname, '../..');

const T: Schema = {
  type: 'number',
  description: 'Wall-clock time, in milliseconds since 1970, with a fraction.',
};

/** The fields of each event by its name, as a JSON Schema. */
function readEvents(): [string, Schema][] {
  const { properties = {} } = createGenerator({
    path: resolve(HOME, 'src/telemetry/event.ts'),
    tsconfig: resolve(HOME, 'tsconfig.json'),
    type: 'Events',
    skipTypeCheck: true,
    additionalProperties: true,
    expose: 'none',
    topRef: false,
  }).createSchema('Events');
  return Object.entries(properties).map(([name, fields]) => [name, fields as Schema]);
}

/** A schema that each line of `--json` fulfils. */
export function eventSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `hubswarm --json, schema ${EVENT_SCHEMA}`,
    oneOf: readEvents().map(([name, { description, properties, required = [] }]) => ({
      title: name,
      ...(description === undefined ? {} : { description }),
      type: 'object',
      properties: { t: T, event: { const: name }, ...properties },
      required: ['t', 'event', ...required],
    })),
  };
}

export function eventsPage(): string {
  const chapters = readEvents().map(
    ([name, { description = '', properties = {}, required = [] }]) => {
      const rows = Object.entries(properties).map(([field, value]) => {
        const schema = value as Schema;
        const isOptional = !required.includes(field);
        const type = typeOf(schema) + (isOptional ? ', optional' : '');
        return `| \`${field}\` | ${type} | ${inLine(schema.description)} |`;
      });
      const table = ['| field | type | |', '|---|---|---|', ...rows].join('\n');
      return `## ${name}\n\n${inLine(description)}\n${rows.length === 0 ? '' : `\n${table}\n`}`;
    },
  );
  return `${HEAD}\n${chapters.join('\n')}`;
}

const HEAD = `# Events, schema ${EVENT_SCHEMA}

With \`--json\` a command writes one event a line on standard output: a JSON object with its name,
\`event\`, the time, \`t\` (milliseconds since 1970, with a fraction), and the fields below. The first
line of a process has \`schema\`: ${EVENT_SCHEMA}. Bytes and milliseconds are plain numbers.

**What stays.** As long as \`schema\` is ${EVENT_SCHEMA}, no event and no field is renamed, is removed or
comes to mean something else. Events, optional fields and values of a text field may be added in any
release: pass over what you do not know. The texts of \`reason\` and \`message\` are for people
and change freely. The same as a JSON Schema: [events.schema.json](events.schema.json).

This page is written from \`src/telemetry/event.ts\` (\`npm run events\`).
`;

const inLine = (text = ''): string => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

function typeOf({ type, enum: values, const: value, items }: Schema): string {
  const literals = values ?? (value === undefined ? undefined : [value]);
  if (literals) return literals.map((literal) => `\`${JSON.stringify(literal)}\``).join(' or ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as Schema)}`;
  return [type ?? 'any'].flat().join(' or ');
}
