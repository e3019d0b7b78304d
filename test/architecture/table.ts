// The table of rooms in DESIGN.md, as the law has it.
import type { Law } from './rules.ts';

const BEGIN = '<!-- rooms: written by `npm run law` from test/architecture/law.ts -->\n\n';
const END = '\n<!-- end of rooms -->\n';

/** The document with its table made anew. */
export function withRooms(document: string, law: Law): string {
  const begin = document.indexOf(BEGIN) + BEGIN.length;
  const end = document.indexOf(END);
  if (begin < BEGIN.length || end < begin) throw new Error(`no lines ${BEGIN} and ${END}`);
  return document.slice(0, begin) + roomsTable(law) + document.slice(end);
}

function roomsTable({ rooms, everyone }: Law): string {
  const rows = Object.entries(rooms).map(([name, { holds, imports, reason }]) => {
    const may = [...everyone.filter((room) => room !== name), ...imports].sort();
    return `| \`${name}/\` | ${holds} | ${may.join(', ') || 'nothing'} | ${reason} |\n`;
  });
  return [
    '| room | holds | may import | no other, because |\n',
    '|---|---|---|---|\n',
    ...rows,
  ].join('');
}
