// Does anything grow? A hub, an edge before it, a seed and peers that wait for what nobody
// has (one alone, one among neighbours) run together under light traffic; each collects
// its garbage before its memory is read.
//
//   node scripts/soak.mjs [minutes, default 30] [neighbours of the waiting peer, default 5]
//
// In the first third the traffic is brisk, so that every process has met all that it will meet
// and its allocator what it needs. Prints, over the other two thirds, when it is light, the
// slope of each process's heap and rss and its descriptors then and at the end; exit code 1
// when one grows. Linux only.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Running } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';

const SAMPLE_MS = 10_000;
/** Between two rounds of traffic: while they warm up, and after that. */
const BRISK_MS = 500;
const LIGHT_MS = 5000;
const FETCH_EVERY = 12;
/** Of a waiting peer's heap, and of everybody's rss. */
const MOST_HEAP_KB_PER_S = 0.1;
const MOST_RSS_MIB_PER_H = 1;
/** The empty CID of a file that does not exist. */
const NOBODYS = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

/** In each process: its heap after a collection, once per sample, to a file. */
const PROBE = `
import { writeFileSync } from 'node:fs';
setInterval(() => {
  gc();
  const { heapUsed, rss } = process.memoryUsage();
  writeFileSync(process.env.SOAK_SAMPLE, JSON.stringify({ heapUsed, rss }));
}, ${SAMPLE_MS}).unref();`;

class Subject {
  samples = [];

  constructor(name, args, dir, probe) {
    this.name = name;
    this.file = join(dir, `${name}.json`);
    const env = { NODE_OPTIONS: `--expose-gc --import ${probe}`, SOAK_SAMPLE: this.file };
    this.running = new Running(args, { env });
    this.running.onEvent = () => {
      // Hours of events are not wanted; the first ones are.
      if (this.running.events.length > 100) this.running.events.length = 100;
    };
  }

  async sample(atS) {
    const { heapUsed, rss } = JSON.parse(await readFile(this.file, 'utf8'));
    const descriptors = (await readdir(`/proc/${this.running.child.pid}/fd`)).length;
    this.samples.push({ atS, heapKb: heapUsed / 1024, rssMib: rss / 2 ** 20, descriptors });
  }
}

/** Least squares, in units a second. */
function slope(samples, value) {
  const mean = (of) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [atS, of] = [mean((s) => s.atS), mean(value)];
  const covariance = mean((s) => (s.atS - atS) * (value(s) - of));
  return covariance / mean((s) => (s.atS - atS) ** 2);
}

async function start(dir, neighbours) {
  const files = join(dir, 'files');
  await mkdir(files);
  await writeFile(join(files, 'file'), randomBytes(2 ** 20));
  const probePath = join(dir, 'probe.mjs');
  await writeFile(probePath, PROBE);
  const probe = pathToFileURL(probePath).href;
  const subject = (name, args) => new Subject(name, args, dir, probe);
  const peer = (name, ...args) => subject(name, ['peer', '--data', join(dir, name), ...args]);
  const hub = subject('hub', ['server', '--root', files, '--port', '0']);
  const urlOf = async ({ running }) => (await running.until('listening')).addresses[0];
  const url = await urlOf(hub);
  const edge = subject('edge', [
    'server',
    '--cache',
    url,
    '--cache-dir',
    join(dir, 'cache'),
    '--port',
    '0',
  ]);
  const seed = peer('seed', '--share', join(files, 'file'));
  const { addresses } = await seed.running.until('listening');
  const { cid } = await seed.running.until('file_shared');
  const others = Array.from({ length: neighbours }, (_, i) =>
    peer(`neighbour-${i}`, '--join', addresses[0]),
  );
  const known = [addresses[0]];
  for (const other of others) known.push((await other.running.until('listening')).addresses[0]);
  const waiting = peer(
    'waiting',
    '--get',
    NOBODYS,
    '--out',
    join(dir, 'never'),
    '--join',
    ...known,
  );
  const alone = peer('alone', '--get', NOBODYS, '--out', join(dir, 'never'), '--join');
  return {
    subjects: [hub, edge, seed, waiting, alone, ...others],
    urls: [url, await urlOf(edge)],
    fetch: ['peer', '--get', cid, '--join', addresses[0], '--linger', '0'],
  };
}

async function traffic({ urls, fetch: args }, dir, isWarm, signal) {
  for (let n = 0; !signal.aborted; n++) {
    for (const url of urls) await (await fetch(new URL('files/file', url))).arrayBuffer();
    if (n % FETCH_EVERY === 0) {
      const out = join(dir, `out-${n}`);
      await new Running([...args, '--data', join(dir, 'getter'), '--out', out]).ended();
      await rm(out, { recursive: true });
    }
    await delay(isWarm() ? LIGHT_MS : BRISK_MS, undefined, { signal }).catch(() => {});
  }
}

function report(subjects, afterS) {
  let grew = false;
  console.log('process       heap KB/s  rss MiB/h  heap MiB  rss MiB  descriptors');
  for (const { name, samples } of subjects) {
    const late = samples.filter(({ atS }) => atS >= afterS);
    const [first, last] = [late[0], late.at(-1)];
    const heap = slope(late, ({ heapKb }) => heapKb);
    const rss = slope(late, ({ rssMib }) => rssMib) * 3600;
    const waits = name === 'waiting' || name === 'alone';
    const bad =
      (waits && heap > MOST_HEAP_KB_PER_S) ||
      rss > MOST_RSS_MIB_PER_H ||
      last.descriptors !== first.descriptors;
    grew ||= bad;
    const cells = [
      heap.toFixed(3),
      rss.toFixed(2),
      (last.heapKb / 1024).toFixed(1),
      last.rssMib.toFixed(0),
    ];
    const widths = [10, 10, 9, 8];
    const text = cells.map((cell, i) => cell.padStart(widths[i])).join(' ');
    console.log(
      `${name.padEnd(12)} ${text}   ${first.descriptors} -> ${last.descriptors}${bad ? '  grew' : ''}`,
    );
  }
  return grew;
}

async function main() {
  const [minutes, neighbours] = numbers(
    import.meta.filename,
    ['minutes', 30, 0.1],
    ['neighbours', 5, 0],
  );
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-soak-'));
  const started = await start(dir, neighbours);
  const over = new AbortController();
  const from = performance.now();
  const seconds = () => (performance.now() - from) / 1000;
  const warmS = minutes * 20;
  const moving = traffic(started, dir, () => seconds() >= warmS, over.signal);
  moving.catch((error) => console.error(`traffic: ${error.message}`));
  try {
    while (seconds() < minutes * 60) {
      await delay(SAMPLE_MS);
      for (const subject of started.subjects) await subject.sample(seconds()).catch(() => {});
    }
    return report(started.subjects, warmS) ? 1 : 0;
  } finally {
    over.abort();
    await moving.catch(() => {});
    for (const { running } of started.subjects.reverse()) await running.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

process.exitCode = await main();
