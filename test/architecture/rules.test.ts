// One violation of each rule, planted: each is found, with the reason that the law gives.
import { describe, expect, it } from 'vitest';
import { findings, type Law, RULES } from './rules.ts';
import { type House, parseSource, type Source } from './sources.ts';

const LAW: Law = {
  rooms: {
    runtime: { holds: 'ports', imports: [], reason: 'it stands on nothing' },
    link: { holds: 'pacing', imports: [], reason: 'it serves both' },
    theory: { holds: 'bounds', imports: [], reason: 'it is arithmetic' },
    hub: { holds: 'decisions', imports: ['link'], reason: 'it knows no swarm' },
  },
  everyone: ['runtime'],
  faces: ['link/link.ts', 'runtime/clock.ts'],
  reaches: [],
  bans: [{ where: /^link\//, what: /^node:/, reason: 'arithmetic needs no I/O' }],
  forbiddenNames: [{ where: /^link\//, names: ['Date', 'Math.random'], reason: 'time comes in' }],
  tested: [{ where: /^link\//, reason: 'time is a port' }],
  exceptions: [],
};

/** Keeps the law: what the tests change is all that is wrong. */
const FILES: Record<string, string> = {
  'src/runtime/clock.ts': 'export interface Clock { now(): number }',
  'src/theory/theory.ts': 'export type Bound = number;',
  'src/link/link.ts': `import type { Clock } from '../runtime/clock.ts'; import './pacer.ts';`,
  'src/link/pacer.ts': `export const pace = (Math.max(1, 2), { Date: 1 }.Date);`,
  'src/hub/hub.ts': `export { link } from '../link/link.ts'; import './feed/feed.ts';`,
  'src/hub/feed/feed.ts': `const later = () => import('../../runtime/clock.ts');`,
};

const TESTS: Record<string, string> = {
  'test/link/pacer.test.ts': `import '../../src/link/pacer.ts';`,
  'test/e2e/link/link.test.ts': `import '../../../src/link/pacer.ts';`,
  'test/hub/hub.test.ts': `import '../../src/link/link.ts';`,
};

const parsed = (files: Record<string, string>): Source[] =>
  Object.entries(files).map(([path, text]) => parseSource(path, text));

const house = (files: Record<string, string>, tests: Record<string, string> = {}): House => ({
  sources: parsed({ ...FILES, ...files }),
  tests: parsed({ ...TESTS, ...tests }),
});

/** Rule, what is found, files that break it, and the law where it has to differ. */
const CASES: [rule: keyof typeof RULES, text: string, broken: House, law?: Partial<Law>][] = [
  [
    'rooms may know',
    'src/link/link.ts imports src/theory/theory.ts: it serves both',
    house({ 'src/link/link.ts': `import '../theory/theory.ts'; import '../runtime/clock.ts';` }),
    { faces: [...LAW.faces, 'theory/theory.ts'] },
  ],
  ['rooms may know', 'socket/ has no line in law.ts', house({ 'src/socket/socket.ts': '' })],
  [
    'rooms run one way',
    'hub -> link -> hub: rooms that may import each other are one room',
    house({ 'src/link/limits.ts': `import '../hub/feed/feed.ts';` }),
    {
      rooms: { ...LAW.rooms, link: { ...LAW.rooms.link!, imports: ['hub'] } },
      faces: [...LAW.faces, 'hub/feed/feed.ts'],
    },
  ],
  [
    'permission is used',
    'theory -> link: a permission nobody uses is taken back',
    house({}),
    { rooms: { ...LAW.rooms, theory: { ...LAW.rooms.theory!, imports: ['link'] } } },
  ],
  [
    'face is kept',
    'src/hub/feed/feed.ts imports src/link/pacer.ts: what is not on the face of link/ may change unasked',
    house({ 'src/hub/feed/feed.ts': `let pacer: typeof import('../../link/pacer.ts');` }),
  ],
  [
    'face is used',
    'link/pacer.ts: no other room imports it, so it is no face',
    house({}),
    { faces: [...LAW.faces, 'link/pacer.ts'] },
  ],
  [
    'tests keep to faces',
    'test/hub/feed.test.ts imports src/link/pacer.ts: only tests of link/ know what is not on its face',
    house({}, { 'test/hub/feed.test.ts': `import '../../src/link/pacer.ts';` }),
  ],
  [
    'reach is used',
    '/^test\\/hub\\// -> /^link\\/pacer/: a permission nobody uses is taken back',
    house({}),
    { reaches: [{ test: /^test\/hub\//, file: /^link\/pacer/, reason: 'none' }] },
  ],
  [
    'folders run one way',
    'src/hub/hub.ts imports src/hub/feed/feed.ts, src/hub/feed/tail.ts imports src/hub/state/state.ts, ' +
      'src/hub/state/state.ts imports src/hub/names.ts: folders that import each other are one folder',
    house({
      'src/hub/feed/tail.ts': `import '../state/state.ts';`,
      'src/hub/state/state.ts': `import type { Name } from '../names.ts';`,
      'src/hub/names.ts': 'export type Name = string;',
    }),
  ],
  [
    'folder is small',
    'src/hub holds 26 files: a reader finds no shelf among more than 25',
    house(many('src/hub', 25)),
  ],
  [
    'folder is small',
    'test/hub holds 26 files: a reader finds no shelf among more than 25',
    house({}, many('test/hub', 25)),
  ],
  [
    'import is banned',
    'src/link/pacer.ts imports node:fs: arithmetic needs no I/O',
    house({ 'src/link/pacer.ts': `import { statSync } from 'node:fs';` }),
  ],
  [
    'name is forbidden',
    'src/link/pacer.ts names Math.random: time comes in',
    house({ 'src/link/pacer.ts': 'export const chance = () => Math.random();' }),
  ],
  [
    'file has a test',
    'src/link/limits.ts has no test/link/limits.test.ts: time is a port',
    house({ 'src/link/limits.ts': 'export const most = 1;' }),
  ],
  [
    'place exists',
    '/^links\\// fits no file: it holds nothing',
    house({}),
    { bans: [...LAW.bans, { where: /^links\//, what: /^node:/, reason: 'none' }] },
  ],
  [
    'files run one way',
    'src/link/link.ts -> src/link/pacer.ts -> src/link/link.ts: neither can be read without the other',
    house({ 'src/link/pacer.ts': `export * from './link.ts';` }),
  ],
  [
    'file is short',
    'src/theory/theory.ts has 351 lines: a file of more than 350 has more than one concern',
    house({ 'src/theory/theory.ts': '\n'.repeat(350) }),
  ],
  [
    'no default export, no barrel',
    'src/theory/theory.ts: one thing has one name and one place to import it from',
    house({ 'src/theory/theory.ts': 'export default function bound() {}' }),
  ],
  [
    'no default export, no barrel',
    'src/theory/index.ts: one thing has one name and one place to import it from',
    house({ 'src/theory/index.ts': `export * from './theory.ts';` }),
  ],
];

function many(folder: string, count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`${folder}/file-${n}.ts`, '']),
  );
}

describe('the rules', () => {
  it('find nothing in a house that keeps the law', () => {
    expect(findings(house({}), LAW)).toEqual([]);
  });

  it('are each broken below', () => {
    expect(new Set(CASES.map(([rule]) => rule))).toEqual(new Set(Object.keys(RULES)));
  });

  it.each(CASES)('%s: %s', (rule, text, broken, changed = {}) => {
    expect(findings(broken, { ...LAW, ...changed })).toEqual([`${rule}: ${text}`]);
  });
});

it('a test may reach for what the law names', () => {
  const broken = house({}, { 'test/hub/feed.test.ts': `import '../../src/link/pacer.ts';` });
  const reaches = [{ test: /^test\/hub\/feed/, file: /^link\/pacer/, reason: 'they are a pair' }];
  expect(findings(broken, { ...LAW, reaches })).toEqual([]);
});

describe('an exception', () => {
  const exceptions: Law['exceptions'] = [
    { rule: 'folder is small', where: 'src/hub', until: 'feed/ has a room of its own' },
  ];

  it('covers what it names', () => {
    expect(findings(house(many('src/hub', 25)), { ...LAW, exceptions })).toEqual([]);
  });

  it('is reported when it covers nothing any more', () => {
    expect(findings(house({}), { ...LAW, exceptions })).toEqual([
      'exception no longer needed: folder is small: src/hub',
    ]);
  });
});
