// Holds `client get -r` against `rsync -a` on random pairs of trees: what a hub serves, and
// what lies already where the mirror goes. Where every name can be served, names, types and
// bytes must come out the same, and both must agree on whether all went well; where some
// cannot, only paths that the client names may differ. What links lead to must stay as it is.
//
//   node scripts/compare-rsync.mjs [--pairs 1000] [--seed 1] [--first 0]
//
// Every third pair goes without --delete, every tenth holds names that cannot be served.
// One pair alone is made again by its number: --first 17 --pairs 1. Exit 1 when any differs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, Running } from './lib/binary.mjs';
import { commandLine, numberOf } from './lib/command-line.mjs';

/** Few, so that both trees often have a name for different things. */
const NAMES = [
  'rel',
  'm',
  'a',
  'A',
  'b',
  '-',
  '--delete',
  '~',
  'C:foo',
  'a b',
  '%2e%2e',
  '%',
  '#?&=',
]
  .concat([
    '\u00fc',
    'u\u0308',
    '日本',
    '🎉',
    'a.part',
    'a.part.json',
    '*',
    '$HOME',
    "it's",
    'end ',
    'dot.',
  ])
  .concat(['__proto__', 'constructor', 'index.html', 'a.gz', 'x'.repeat(255), 'é'.repeat(120)]);
/** A hub serves none of them, or the client writes none of them. */
const ODD_NAMES = [
  'new\nline',
  'cr\r',
  'back\\slash',
  '\u0007',
  '.hidden',
  Buffer.from([0x62, 0xff]),
];
const RECORD = '.hubswarm-mirror.json';

/** mulberry32 */
function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { below, chance: (share) => next() < share, pick: (list) => list[below(list.length)] };
}

const at = (directory, name) =>
  typeof name === 'string'
    ? join(directory, name)
    : Buffer.concat([Buffer.from(`${directory}/`), name]);

/** Bytes that are the same for the same arguments, of another time for each. */
async function writeRandom(path, random) {
  const sizes = [0, 1, 5, 5, 5, 1000, 70_000];
  const bytes = Buffer.alloc(random.pick(sizes), random.below(256));
  await writeFile(path, bytes, { flag: 'wx' });
  const seconds = 1_000_000_000 + random.below(500_000_000);
  await utimes(path, seconds, seconds);
}

async function growTree(directory, random, { depth, links, outside, odd }) {
  for (let count = random.below(6); count > 0; count--) {
    const name = odd && random.chance(0.25) ? random.pick(ODD_NAMES) : random.pick(NAMES);
    const path = at(directory, name);
    if (await lstat(path).catch(() => undefined)) continue;
    if (typeof path === 'string' && depth > 0 && random.chance(0.45)) {
      await mkdir(path);
      await growTree(path, random, { depth: depth - 1, links, outside, odd });
    } else if (links && random.chance(0.2)) {
      await symlink(random.pick([outside, join(outside, 'file'), 'none', '.']), path);
    } else await writeRandom(path, random);
  }
}

/** What lies there becomes other things of the same names, or goes. */
async function disturb(directory, random, outside) {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    // Node.js finds no name again that is not UTF-8.
    if (entry.name.includes('\ufffd')) continue;
    if (entry.isDirectory() && random.chance(0.7)) await disturb(path, random, outside);
    else if (random.chance(0.5)) continue;
    else {
      await rm(path, { recursive: true });
      const become = random.below(5);
      if (become === 0) await writeRandom(path, random);
      if (become === 1) await mkdir(path);
      if (become === 2) {
        await mkdir(path);
        await growTree(path, random, { depth: 1, links: true, outside });
      }
      if (become === 3) await symlink(random.pick([outside, join(outside, 'file'), 'none']), path);
    }
  }
  if (random.chance(0.3)) await growTree(directory, random, { depth: 1, links: true, outside });
}

/** Path -> what it is; a link is never followed. */
async function snapshot(directory) {
  const found = new Map();
  const walk = async (place, below) => {
    for (const name of await readdir(place, { encoding: 'buffer' })) {
      const path = Buffer.concat([Buffer.from(place), Buffer.from('/'), name]);
      const shown = `${below}${name}`;
      const stats = await lstat(path);
      if (stats.isDirectory()) {
        found.set(shown, 'directory');
        await walk(path, `${shown}/`);
      } else if (stats.isSymbolicLink()) found.set(shown, `link to ${await readlink(path)}`);
      else if (!stats.isFile()) found.set(shown, 'special');
      else
        found.set(
          shown,
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        );
    }
  };
  await walk(Buffer.from(directory), '');
  found.delete(RECORD);
  return found;
}

const differences = (a, b) =>
  [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function client(url, directory, options) {
  const args = [BINARY, 'client', 'get', '-r', '--json', ...options, url, directory];
  const { code, stdout, stderr } = await run(process.execPath, args);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const named = events.flatMap((each) => (each.event === 'path_differed' ? [each.path] : []));
  return { code, stderr, events, named };
}

class Pair {
  constructor(number, { work, hub, seed }) {
    this.number = number;
    this.odd = number % 10 === 9;
    this.options = number % 3 === 2 ? [] : ['--delete'];
    this.random = randomOf(seed * 1_000_003 + number);
    this.source = join(work, 'served', `${number}`);
    this.places = { rsync: join(work, `rsync-${number}`), hub: join(work, `hub-${number}`) };
    this.outside = join(work, `outside-${number}`);
    this.url = `${hub}files/${number}/`;
  }

  /** Resolves to what is wrong, a line each. */
  async compare() {
    await this.#make();
    const before = await snapshot(this.outside);
    const synced = await run('rsync', [
      '-a',
      ...this.options,
      `${this.source}/`,
      this.places.rsync,
    ]);
    const got = await client(this.url, this.places.hub, this.options);
    const [wanted, found] = [await snapshot(this.places.rsync), await snapshot(this.places.hub)];
    const wrong = this.odd ? this.#unnamed(wanted, found, got) : differences(wanted, found);
    const lines = wrong.map((p) => `${JSON.stringify(p)}: ${found.get(p)}, not ${wanted.get(p)}`);
    if (differences(before, await snapshot(this.outside)).length > 0) lines.push('wrote outside');
    if (!this.odd && (got.code === 0) !== (synced.code === 0)) {
      lines.push(`exit ${got.code}, rsync ${synced.code}: ${got.stderr}${synced.stderr}`);
    }
    if (lines.length === 0 && got.code === 0) lines.push(...(await this.#again(found)));
    return lines;
  }

  async remove() {
    const all = [this.source, this.outside, ...Object.values(this.places)];
    for (const path of all) await rm(path, { recursive: true, force: true });
  }

  async #make() {
    const { random, source, outside, places } = this;
    for (const path of [source, outside]) await mkdir(path, { recursive: true });
    await writeFile(join(outside, 'file'), 'not to be touched');
    await growTree(source, random, { depth: random.below(5), odd: this.odd });
    if (random.chance(0.05))
      await mkdir(join(source, ...Array(100).fill('deep')), { recursive: true });
    if (random.chance(0.1)) return;
    await run('cp', ['-a', source, places.hub]);
    await disturb(places.hub, random, outside);
    await run('cp', ['-a', places.hub, places.rsync]);
  }

  #unnamed(wanted, found, { named, events }) {
    const left = events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
    const isNamed = (path) =>
      named.some((each) => each === '.' || path === each || path.startsWith(`${each}/`)) ||
      left.some((message) => message.startsWith(`${path}: `));
    // Of hidden names a hub does not even say that there are some.
    const isHidden = (path) => /(^|\/)\./.test(path);
    return differences(wanted, found).filter((path) => !isHidden(path) && !isNamed(path));
  }

  /** A second run moves nothing and leaves all as it is. */
  async #again(found) {
    const { code, stderr, events } = await client(this.url, this.places.hub, this.options);
    const moved = events.filter(
      ({ event }) => event === 'file_fetched' || event === 'file_removed',
    );
    if (code === 0 && moved.length === 0) {
      return differences(found, await snapshot(this.places.hub)).map((p) => `${p}: changed later`);
    }
    return [`again: exit ${code}, ${moved.map(({ path }) => path)} moved: ${stderr}`];
  }
}

const { values } = commandLine(import.meta.filename, {
  options: {
    pairs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
  },
});
const number = (option, least) =>
  numberOf(import.meta.filename, `--${option}`, values[option], least);
const [first, count, seed] = [number('first', 0), number('pairs', 1), number('seed', 0)];
const work = await mkdtemp(join(tmpdir(), 'compare-rsync-'));
await mkdir(join(work, 'served'));
const server = new Running([
  'server',
  '--root',
  join(work, 'served'),
  '--port',
  '0',
  '--catalogue',
  'none',
]);
let wrong = 0;
try {
  const { addresses } = await server.until('listening');
  let number = first;
  const lane = async () => {
    while (number < first + count) {
      const pair = new Pair(number++, { work, hub: addresses[0], seed });
      const lines = await pair.compare();
      await pair.remove();
      if (lines.length === 0) continue;
      wrong += 1;
      process.stdout.write(
        `pair ${pair.number} ${pair.options}\n${lines.map((l) => `  ${l}\n`).join('')}`,
      );
    }
  };
  await Promise.all([lane(), lane()]);
} finally {
  await server.stop();
  await rm(work, { recursive: true, force: true });
}
process.stdout.write(`${count - wrong} of ${count} pairs as rsync has them (seed ${seed})\n`);
process.exitCode = wrong > 0 ? 1 : 0;
