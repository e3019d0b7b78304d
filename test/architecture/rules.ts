// The rules of the house as pure functions: sources and a law in, findings with their reasons out.
// What a rule allows stands in law.ts.
import { posix } from 'node:path';
import type { House, Source } from './sources.ts';

interface Room {
  /** For DESIGN.md. */
  holds: string;
  /** Other rooms; `Law.everyone` may be imported besides. */
  imports: string[];
  /** Why no others: printed when the rule is broken. */
  reason: string;
}

export interface Law {
  rooms: Record<string, Room>;
  /** Rooms that each room may import. */
  everyone: string[];
  /** The files that a room shows to the others: `link/link.ts`. */
  faces: string[];
  /** Tests (`test`) that reach for files of other rooms that are on no face (`file`). */
  reaches: { test: RegExp; file: RegExp; reason: string }[];
  /** Files, modules and packages (`what`) that a place (`where`) must not import. */
  bans: { where: RegExp; what: RegExp; reason: string }[];
  /** Global names that a place must not use. */
  forbiddenNames: { where: RegExp; names: string[]; reason: string }[];
  /** Places where each file that runs has a unit test of its name. */
  tested: { where: RegExp; reason: string }[];
  exceptions: Exception[];
}

/** A finding that stands for now. */
interface Exception {
  rule: RuleName;
  where: string;
  /** The step that removes it. */
  until: string;
}

interface Finding {
  rule: RuleName;
  /** What an exception names: a room, a folder, a file, an arrow (`a -> b`) or an entry. */
  where: string;
  text: string;
}

type Rule = (house: House, law: Law) => Omit<Finding, 'rule'>[];
type RuleName = keyof typeof RULES;

const MOST_FILES = 25;
const MOST_LINES = 350;

export const RULES = {
  'rooms may know': roomsMayKnow,
  'rooms run one way': roomsRunOneWay,
  'permission is used': permissionIsUsed,
  'face is kept': faceIsKept,
  'face is used': faceIsUsed,
  'tests keep to faces': testsKeepToFaces,
  'reach is used': reachIsUsed,
  'folders run one way': foldersRunOneWay,
  'folder is small': folderIsSmall,
  'import is banned': importIsBanned,
  'name is forbidden': nameIsForbidden,
  'file has a test': fileHasTest,
  'place exists': placeExists,
  'files run one way': filesRunOneWay,
  'file is short': fileIsShort,
  'no default export, no barrel': noDefaultExportNoBarrel,
} satisfies Record<string, Rule>;

/** Findings of all rules that no exception covers, and exceptions that cover none. */
export function findings(house: House, law: Law): string[] {
  const all = Object.entries<Rule>(RULES).flatMap(([rule, check]) =>
    check(house, law).map((found) => ({ ...found, rule: rule as RuleName })),
  );
  const covers = (exception: Exception, found: Finding) =>
    exception.rule === found.rule && exception.where === found.where;
  const open = all
    .filter((found) => !law.exceptions.some((exception) => covers(exception, found)))
    .map(({ rule, text }) => `${rule}: ${text}`);
  const idle = law.exceptions
    .filter((exception) => !all.some((found) => covers(exception, found)))
    .map(({ rule, where }) => `exception no longer needed: ${rule}: ${where}`);
  return [...new Set([...open, ...idle])];
}

const isRelative = (path: string): boolean => path.startsWith('src/');
/** As the law names it: `src/link/link.ts` is `link/link.ts`. */
const named = (path: string): string => path.replace(/^src\//, '');

/** The entry and its command table belong to the commands. */
function roomOf(path: string): string {
  const [first, ...rest] = named(path).split('/');
  return rest.length > 0 ? first! : 'cli';
}

interface Arrow {
  from: string;
  to: string;
}

function arrows(sources: Source[]): Arrow[] {
  return sources.flatMap(({ path, imports }) =>
    imports.filter(isRelative).map((to) => ({ from: path, to })),
  );
}

const betweenRooms = (sources: Source[]): Arrow[] =>
  arrows(sources).filter(({ from, to }) => roomOf(from) !== roomOf(to));

function roomsMayKnow({ sources }: House, law: Law) {
  const unknown = [...new Set(sources.map(({ path }) => roomOf(path)))]
    .filter((room) => !law.rooms[room])
    .map((room) => ({ where: room, text: `${room}/ has no line in law.ts` }));
  const broken = betweenRooms(sources).flatMap(({ from, to }) => {
    const room = law.rooms[roomOf(from)];
    if (!room || [...room.imports, ...law.everyone].includes(roomOf(to))) return [];
    const where = `${roomOf(from)} -> ${roomOf(to)}`;
    return [{ where, text: `${from} imports ${to}: ${room.reason}` }];
  });
  return [...unknown, ...broken];
}

function roomsRunOneWay(_: House, { rooms }: Law) {
  const graph = new Map(Object.entries(rooms).map(([name, { imports }]) => [name, imports]));
  return circles(graph).map((circle) => ({
    where: circle[0]!,
    text: `${circle.join(' -> ')}: rooms that may import each other are one room`,
  }));
}

function permissionIsUsed({ sources }: House, law: Law) {
  const used = new Set(
    betweenRooms(sources).map(({ from, to }) => `${roomOf(from)} -> ${roomOf(to)}`),
  );
  return Object.entries(law.rooms)
    .flatMap(([name, { imports }]) => imports.map((other) => `${name} -> ${other}`))
    .filter((where) => !used.has(where))
    .map((where) => ({ where, text: `${where}: a permission nobody uses is taken back` }));
}

function faceIsKept({ sources }: House, { faces }: Law) {
  return betweenRooms(sources)
    .filter(({ to }) => !faces.includes(named(to)))
    .map(({ from, to }) => ({
      where: named(to),
      text: `${from} imports ${to}: what is not on the face of ${roomOf(to)}/ may change unasked`,
    }));
}

function faceIsUsed({ sources }: House, { faces }: Law) {
  const taken = new Set(betweenRooms(sources).map(({ to }) => named(to)));
  return faces
    .filter((entry) => !taken.has(entry))
    .map((where) => ({ where, text: `${where}: no other room imports it, so it is no face` }));
}

/** A test is about the rooms that its path names: `test/e2e/lab/` about lab/. */
function testsPastFaces({ tests }: House, { faces }: Law): Arrow[] {
  return arrows(tests).filter(
    ({ from, to }) => !from.split('/').includes(roomOf(to)) && !faces.includes(named(to)),
  );
}

const reaches = ({ test, file }: Law['reaches'][number], { from, to }: Arrow): boolean =>
  test.test(from) && file.test(named(to));

function testsKeepToFaces(house: House, law: Law) {
  return testsPastFaces(house, law)
    .filter((arrow) => !law.reaches.some((each) => reaches(each, arrow)))
    .map(({ from, to }) => ({
      where: from,
      text: `${from} imports ${to}: only tests of ${roomOf(to)}/ know what is not on its face`,
    }));
}

function reachIsUsed(house: House, law: Law) {
  const past = testsPastFaces(house, law);
  return law.reaches
    .filter((each) => !past.some((arrow) => reaches(each, arrow)))
    .map(({ test, file }) => ({
      where: `${test}`,
      text: `${test} -> ${file}: a permission nobody uses is taken back`,
    }));
}

/** The files directly in a room are a folder as well. */
function foldersRunOneWay({ sources }: House) {
  const examples = new Map<string, Arrow>();
  const graph = new Map<string, string[]>();
  for (const arrow of arrows(sources)) {
    const [from, to] = [posix.dirname(arrow.from), posix.dirname(arrow.to)];
    if (from === to || roomOf(arrow.from) !== roomOf(arrow.to)) continue;
    if (examples.has(`${from} ${to}`)) continue;
    examples.set(`${from} ${to}`, arrow);
    graph.set(from, [...(graph.get(from) ?? []), to]);
  }
  return circles(graph).map((circle) => ({
    where: named(circle[0]!).split('/')[0]!,
    text: `${circle
      .slice(1)
      .map((to, at) => {
        const arrow = examples.get(`${circle[at]} ${to}`)!;
        return `${arrow.from} imports ${arrow.to}`;
      })
      .join(', ')}: folders that import each other are one folder`,
  }));
}

function folderIsSmall({ sources, tests }: House) {
  const files = new Map<string, number>();
  for (const { path } of [...sources, ...tests]) {
    const folder = posix.dirname(path);
    files.set(folder, (files.get(folder) ?? 0) + 1);
  }
  return [...files]
    .filter(([, count]) => count > MOST_FILES)
    .map(([where, count]) => ({
      where,
      text: `${where} holds ${count} files: a reader finds no shelf among more than ${MOST_FILES}`,
    }));
}

function importIsBanned({ sources }: House, { bans }: Law) {
  return sources.flatMap(({ path, imports }) =>
    imports.flatMap((target) =>
      bans
        .filter(({ where, what }) => where.test(named(path)) && what.test(target))
        .map(({ reason }) => ({
          where: named(path),
          text: `${path} imports ${target}: ${reason}`,
        })),
    ),
  );
}

function nameIsForbidden({ sources }: House, { forbiddenNames }: Law) {
  return sources.flatMap(({ path, names }) =>
    forbiddenNames
      .filter(({ where }) => where.test(named(path)))
      .flatMap((rule) =>
        rule.names
          .filter((name) => names.has(name))
          .map((name) => ({ where: named(path), text: `${path} names ${name}: ${rule.reason}` })),
      ),
  );
}

function fileHasTest({ sources, tests }: House, { tested }: Law) {
  const names = new Set(tests.map(({ path }) => path));
  return tested.flatMap(({ where, reason }) =>
    sources
      .filter(({ path, hasCode }) => hasCode && where.test(named(path)))
      .map(({ path }) => ({ path, test: `test/${named(path).replace(/\.ts$/, '.test.ts')}` }))
      .filter(({ test }) => !names.has(test))
      .map(({ path, test }) => ({
        where: named(path),
        text: `${path} has no ${test}: ${reason}`,
      })),
  );
}

/** A pattern that fits no file any more holds nothing. */
function placeExists({ sources }: House, { bans, forbiddenNames, tested }: Law) {
  return [...bans, ...forbiddenNames, ...tested]
    .filter(({ where }) => !sources.some(({ path }) => where.test(named(path))))
    .map(({ where }) => ({ where: `${where}`, text: `${where} fits no file: it holds nothing` }));
}

function filesRunOneWay({ sources }: House) {
  const graph = new Map(
    sources.map(({ path, imports }) => [path, imports.filter(isRelative)] as const),
  );
  return circles(graph).map((circle) => ({
    where: named(circle[0]!),
    text: `${circle.join(' -> ')}: neither can be read without the other`,
  }));
}

function fileIsShort({ sources }: House) {
  return sources
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ path, lines }) => ({
      where: named(path),
      text: `${path} has ${lines} lines: a file of more than ${MOST_LINES} has more than one concern`,
    }));
}

function noDefaultExportNoBarrel({ sources }: House) {
  return sources
    .filter(({ path, hasDefaultExport }) => hasDefaultExport || path.endsWith('/index.ts'))
    .map(({ path }) => ({
      where: named(path),
      text: `${path}: one thing has one name and one place to import it from`,
    }));
}

/** For each node on a circle the shortest one through it, each circle once. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found = new Map<string, string[]>();
  for (const start of [...graph.keys()].sort()) {
    const circle = shortestCircle(graph, start);
    if (!circle) continue;
    const key = circle.slice(1).sort().join(' ');
    if (!found.has(key)) found.set(key, circle);
  }
  return [...found.values()];
}

function shortestCircle(
  graph: ReadonlyMap<string, readonly string[]>,
  start: string,
): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return [...trail(cameFrom, start, node), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function trail(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  return end === start ? [start] : [...trail(cameFrom, start, cameFrom.get(end)!), end];
}
