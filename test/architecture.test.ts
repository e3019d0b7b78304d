// The house rules of DESIGN.md, read off the import lines. A failure prints the
// rule's reason, not just the rule.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Which rooms a room may import, itself aside, and why. */
const ROOMS: Record<string, { rooms: string[]; reason: string }> = {
  runtime: { rooms: [], reason: 'everything stands on runtime, so it stands on nothing' },
  telemetry: {
    rooms: ['runtime'],
    reason: 'one event stream must not depend on what reports to it',
  },
  content: { rooms: ['runtime'], reason: 'what a file is does not depend on how it travels' },
  disk: {
    rooms: ['content', 'runtime'],
    reason: 'how a file lies on a disk does not depend on how it travels',
  },
  link: {
    rooms: ['runtime', 'telemetry'],
    reason: 'the same link class must serve both architectures',
  },
  exchange: {
    rooms: ['content', 'runtime'],
    reason: 'the protocol is sans-IO, so that swarms can be simulated and replayed',
  },
  theory: { rooms: ['runtime'], reason: 'theory is arithmetic on what it is given' },
  simulate: {
    rooms: ['exchange', 'content', 'theory', 'runtime'],
    reason: 'a simulated swarm is the sessions themselves on a virtual clock: nothing of the shell',
  },
  server: {
    rooms: ['content', 'disk', 'link', 'telemetry', 'runtime'],
    reason: 'the hub knows no swarm',
  },
  client: {
    rooms: ['content', 'disk', 'link', 'telemetry', 'runtime'],
    reason: 'a client knows no swarm',
  },
  edge: {
    rooms: ['server', 'client', 'content', 'disk', 'link', 'telemetry', 'runtime'],
    reason: 'an edge is a hub to its clients and a client to its hub, and knows no swarm',
  },
  balance: {
    rooms: ['runtime'],
    reason: 'what stands in front of hubs is told of them by addresses, and knows no hub',
  },
  peer: {
    rooms: ['exchange', 'content', 'disk', 'link', 'telemetry', 'client', 'runtime'],
    reason: 'a peer is a thin shell round exchange/',
  },
  attack: {
    rooms: ['peer', 'exchange', 'content', 'link', 'telemetry', 'runtime'],
    reason: 'a hostile peer is a shell round exchange/ as well, and peer/ must not know of it',
  },
  lab: {
    rooms: ['telemetry', 'theory', 'content', 'runtime'],
    reason: 'the lab measures the binary, never the library',
  },
  cli: {
    rooms: [
      'server',
      'client',
      'peer',
      'attack',
      'lab',
      'simulate',
      'balance',
      'edge',
      'content',
      'disk',
      'link',
      'telemetry',
      'runtime',
    ],
    reason: 'a command turns options into a call and holds no logic',
  },
};

/** Packages and modules that a room (or file) must not import. */
const BANNED: { where: RegExp; what: RegExp; reason: string }[] = [
  {
    where: /^exchange\//,
    what: /^[^.]/,
    reason: 'exchange/ imports no node: module and no package: time and bytes come in as events',
  },
  {
    where: /^theory\//,
    what: /^[^.]/,
    reason: 'theory/ is arithmetic: what it says must not depend on a machine or a package',
  },
  {
    where: /^(server|client|edge|lab|content|disk|link|simulate)\//,
    what: /libp2p|multiaddr/,
    reason: 'only peer/, and attack/ with it, knows libp2p',
  },
  {
    where: /^(client|edge|peer|attack|lab|content|disk|link|simulate)\//,
    what: /^express/,
    reason: 'only server/ knows express',
  },
  {
    where: /^content\/(geometry|bitfield|manifest)\.ts/,
    what: /^node:/,
    reason: 'arithmetic needs no I/O',
  },
  {
    where: /^lab\/(report|analysis)\/|^lab\/schedule\/(schedule|settled)/,
    what: /^node:/,
    reason: 'the analysis is pure, so that a report can be drawn again from raw data',
  },
];

/** What the lab may see of other rooms: what names and measures a file, and theory. */
const LAB_SEES =
  /^content\/(manifest|cid|geometry|piece-length)\.ts$|^(lab|theory|telemetry|runtime)\//;

function sources(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

interface Import {
  from: string;
  target: string;
}

const files = sources(SRC).map((path) => relative(SRC, path));
const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(join(SRC, from), 'utf8');
  const found = text.matchAll(
    /(?:^|[\s;])(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm,
  );
  return [...found].map((match) => ({ from, target: match[1] ?? match[2] ?? match[3]! }));
});

const room = (path: string): string => path.split('/')[0]!;
const resolved = ({ from, target }: Import): string =>
  relative(SRC, resolve(SRC, dirname(from), target));

describe('architecture', () => {
  it('reads the import lines at all', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it('lets each room import only what it may know', () => {
    const broken = imports
      .filter(({ target }) => target.startsWith('.'))
      .filter(({ from }) => from.includes('/'))
      .flatMap((line) => {
        const rule = ROOMS[room(line.from)];
        const to = room(resolved(line));
        if (!rule) return [`${line.from}: no rule for room ${room(line.from)}`];
        if (to === room(line.from) || rule.rooms.includes(to)) return [];
        return [`${line.from} imports ${line.target}: ${rule.reason}`];
      });
    expect(broken).toEqual([]);
  });

  it('keeps packages out of the rooms that must not know them', () => {
    const broken = imports
      .filter(({ target }) => !target.startsWith('.'))
      .flatMap((line) =>
        BANNED.filter(({ where, what }) => where.test(line.from) && what.test(line.target)).map(
          ({ reason }) => `${line.from} imports ${line.target}: ${reason}`,
        ),
      );
    expect(broken).toEqual([]);
  });

  it('lets the lab see only what names and measures a file, and theory', () => {
    const broken = imports
      .filter(({ from, target }) => from.startsWith('lab/') && target.startsWith('.'))
      .map((line) => ({ ...line, to: resolved(line) }))
      .filter(({ to }) => !LAB_SEES.test(to))
      .map(({ from, target }) => `${from} imports ${target}`);
    expect(broken).toEqual([]);
  });

  it('keeps clocks, timers and chance out of exchange/, simulate/ and theory/', () => {
    const broken = files
      .filter((path) => /^(exchange|simulate|theory)\//.test(path))
      .filter((path) =>
        /\bDate\b|performance\.now|setTimeout|setInterval|Math\.random|process\./.test(
          readFileSync(join(SRC, path), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ''),
        ),
      );
    expect(broken).toEqual([]);
  });

  it('has no import cycles', () => {
    const graph = new Map<string, string[]>();
    for (const line of imports) {
      if (!line.target.startsWith('.')) continue;
      graph.set(line.from, [...(graph.get(line.from) ?? []), resolved(line)]);
    }
    const done = new Set<string>();
    const visit = (file: string, trail: string[]): string[] => {
      if (trail.includes(file)) return [[...trail.slice(trail.indexOf(file)), file].join(' -> ')];
      if (done.has(file)) return [];
      const found = (graph.get(file) ?? []).flatMap((next) => visit(next, [...trail, file]));
      done.add(file);
      return found;
    };
    expect(files.flatMap((file) => visit(file, []))).toEqual([]);
  });

  it('has no default exports and no barrel files', () => {
    const broken = files.filter(
      (path) =>
        path.endsWith('/index.ts') ||
        /^export default/m.test(readFileSync(join(SRC, path), 'utf8')),
    );
    expect(broken).toEqual([]);
  });

  it('keeps every file to one concern: none over 350 lines', () => {
    const long = files
      .map((path) => ({ path, lines: readFileSync(join(SRC, path), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 350);
    expect(long).toEqual([]);
  });
});
