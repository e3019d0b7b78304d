// How near the swarm comes to what its links allow, and what a byte costs: the table of
// targets, from real runs on this machine, each figure beside its target and its rivals.
//   node scripts/bench-swarm.mjs [row ...] [--row NAME] [--list]
//     --runs 3            of each arm, interleaved; figures are medians
//     --rivals LIST       as compare --rivals takes them (aria2,relay-chain); none for none
//     --size 32MiB  --receivers N  --up MBIT  --down MBIT    in place of a row's own
// Rows on links of the kernel (n8-20, ...) need Linux, root, iproute2 and tbf; the start of each
// process counts, and nothing is told of its link. ! marks a figure that misses its target.
// hybrid8 is a hub that is a peer, its receivers joined by its URL, beside a swarm; hybrid8-fast the
// same with a hub of four times their uplink; hybrid8-kill with one that is killed after a copy.
// Needs dist/ (npm run build). A row takes one to six minutes.
import { availableParallelism, loadavg } from 'node:os';
import { commandLine, numberOf, refuse } from './lib/command-line.mjs';
import { emptyNodeSeconds } from './lib/cpu-time.mjs';
import { hybridBeside, hybridKilled } from './lib/hybrid-rows.mjs';
import { AUTO, compareArms, median, SWARM, TOLD } from './lib/lab-row.mjs';
import { pairMessages, swarmMessages } from './lib/message-rows.mjs';
import { memory, pair, start } from './lib/pair-rows.mjs';
import { sampleQueue } from './lib/queue.mjs';
import { late, simulated } from './lib/swarm-rows.mjs';
import { boundSeconds } from './lib/swarm-run.mjs';

const MIB = 2 ** 20;
const MBIT = 1e6;
const CHAIN = 'relay-chain';

/** N receivers of one rate; the origin's if it is another. */
const links = (receivers, up, { origin = up, factors = [1], down = 100 } = {}) => ({
  receivers,
  up,
  origin,
  factors,
  down,
});

/**
 * Rows on links that the kernel shapes. `least` is the target of bound over makespan, `listening`
 * of the same from the moment at which the last receiver listens, `cpu` of the CPU seconds above
 * those of the relay chain.
 */
const LAB = {
  'n8-20': { ...links(8, 20), least: 0.9, listening: 0.95, copies: 1.05, cpu: 8, arms: [TOLD] },
  'n8-5': { ...links(8, 5), least: 0.95, copies: 1.05, arms: [TOLD] },
  'n16-20': { ...links(16, 20), least: 0.85, listening: 0.9, copies: 1.05 },
  'fast-origin': { ...links(8, 10, { origin: 50 }), least: 0.92 },
  classes: { ...links(9, 20, { factors: [0.25, 1, 4] }), least: 0.92 },
  'slow-origin': { ...links(8, 40, { origin: 10 }), least: 0.92, share: 0.5 },
  'n4-20': { ...links(4, 20) },
  'n2-20': { ...links(2, 20) },
};

const ROWS = {
  ...Object.fromEntries(Object.keys(LAB).map((row) => [row, () => labRow(row, LAB[row])])),
  kill8: () => killRow('kill8', links(8, 20)),
  hybrid8: () => hybridRow('hybrid8', links(8, 20), { ratio: 1.03, copies: 1.1 }),
  'hybrid8-fast': () => hybridRow('hybrid8-fast', links(8, 20, { origin: 80 }), { least: 0.92 }),
  'hybrid8-kill': () => hybridRow('hybrid8-kill', links(8, 20)),
  pacers8: () => pacersRow('pacers8', links(8, 20)),
  'queue-20': () => queueRow('queue-20', links(1, 20)),
  'queue-5': () => queueRow('queue-5', { ...links(1, 5), share: 0.25 }),
  messages: () => messagesRow(links(8, 20)),
  pair: () => pair(print, given.runs),
  start: () => start(print, given.runs),
  late: () => late(print),
  simulated: () => simulated(print),
  memory: () => memory(print),
};

const { values, args } = commandLine(import.meta.filename, {
  most: Object.keys(ROWS).length,
  options: {
    row: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean' },
    runs: { type: 'string', default: '3' },
    rivals: { type: 'string', default: `aria2,${CHAIN}` },
    size: { type: 'string' },
    receivers: { type: 'string' },
    up: { type: 'string' },
    down: { type: 'string' },
  },
});
const number = (name, least) =>
  values[name] === undefined
    ? undefined
    : numberOf(import.meta.filename, `--${name}`, values[name], least);
const given = {
  runs: number('runs', 1),
  receivers: number('receivers', 1),
  up: number('up', 0.1),
  down: number('down', 0.1),
  bytes: sizeOf(values.size ?? '32MiB'),
  rivals: values.rivals === 'none' ? [] : values.rivals.split(','),
};

function sizeOf(text) {
  const [, count, unit] = /^(\d+)(KiB|MiB|GiB)$/.exec(text) ?? [];
  if (count) return count * { KiB: 1024, MiB: MIB, GiB: 1024 * MIB }[unit];
  return refuse(import.meta.filename, `--size: '${text}' is not accepted; give it as in 32MiB`);
}

/** A row with what the command line says in place of its own, as the lab's setting and bound. */
function settled(row) {
  const up = given.up ?? row.up;
  const receivers = given.receivers ?? row.receivers;
  const origin = (row.origin / row.up) * up;
  const down = given.down ?? row.down;
  const bytes = Math.round(given.bytes * (row.share ?? 1));
  const caps = (mbit) => ({ up: mbit * MBIT, down: down * MBIT });
  const each = Array.from({ length: receivers }, (_, i) =>
    caps(up * row.factors[i % row.factors.length]),
  );
  return {
    ...{ up, receivers, origin, down, bytes, factors: row.factors },
    ends: { origins: [caps(origin)], receivers: each },
    bound: boundSeconds(bytes, [caps(origin)], each),
    setting: {
      receivers,
      fileBytes: bytes,
      uplinkBytesPerSecond: (up * MBIT) / 8,
      uplinkFactors: row.factors,
      originUplinkFactor: origin / up,
      downlinkFactor: down / up,
    },
  };
}

const loadNote = () => `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;
const mark = (ok) => (ok ? ' ' : '!');

/** Prints a figure; `least` says that more is better, no target that there is none. */
function print(row, what, figure, { target, least = false, note = '' } = {}) {
  const ok = target === undefined || (least ? figure >= target : figure <= target);
  const goal = target === undefined ? '' : `${least ? '>=' : '<='} ${target}`;
  const cells = [row.padEnd(11), what.padEnd(58), figure.toFixed(3).padStart(8), goal.padEnd(8)];
  console.log(`${cells.join('  ')} ${mark(ok)} ${note}`);
}

function printHead(row, { receivers, up, origin, down, factors, bytes, bound }, more) {
  const uplinks = factors.length > 1 ? factors.map((factor) => factor * up).join(':') : up;
  const what = `N = ${receivers}, ${uplinks} Mbit/s up, origin ${origin}, ${down} down, ${(bytes / MIB).toFixed(0)} MiB`;
  console.log(`\n${row}: ${what}; bound ${bound.toFixed(1)} s; ${more}; ${loadNote()}`);
}

const figure = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '-');

/** Bound over each run's time, and their median. */
function efficiencies({ seconds, runs, fromListening }, bound) {
  const whole = seconds.map((time) => bound / time);
  // The lab's bound is one of whole pieces; all arms are held against the same.
  const listening = fromListening.map((ratio, i) => (ratio * bound * 1000) / runs[i].boundMs);
  return { whole, median: median(whole), listening: median(listening) };
}

async function labRow(name, row) {
  const { bound, setting, ...shape } = settled(row);
  const arms = [SWARM, ...(row.arms ?? [])];
  const { arms: made, notes } = await compareArms({ ...given, setting, arms });
  printHead(name, { ...shape, bound }, `medians of ${given.runs}, start included, nothing told`);
  console.log(
    `  ${'arm'.padEnd(14)} ${'bound / makespan'.padEnd(30)} ${'from listening'.padEnd(18)} ${'CPU-s'.padStart(6)} ${'copies'.padStart(12)} ${'reach'.padStart(6)}  others' CPU`,
  );
  for (const arm of made) printArm(arm, row, bound);
  const [swarm, chain] = ['swarm', CHAIN].map((id) => made.find((arm) => arm.id === id));
  if (row.cpu !== undefined && chain) {
    const above = swarm.cpuSeconds - chain.cpuSeconds;
    print(name, '  CPU-s above those of the relay chain', above, { target: row.cpu });
  }
  for (const note of notes) console.log(`  ${note}`);
}

/** Targets are those of the swarm that nobody told anything. */
function printArm(arm, row, bound) {
  const isOurs = arm.id === 'swarm';
  const { whole, median: middle, listening } = efficiencies(arm, bound);
  const goal = (value, target, least = true) => {
    if (!isOurs || target === undefined) return '';
    const ok = least ? value >= target : value <= target;
    return ` ${least ? '>=' : '<='} ${target} ${mark(ok)}`;
  };
  const spread = `[${figure(Math.min(...whole))} ${figure(Math.max(...whole))}]`;
  const cells = [
    arm.text.padEnd(14),
    `${figure(middle)} ${spread}${goal(middle, row.least)}`.padEnd(30),
    `${figure(listening)}${Number.isFinite(listening) ? goal(listening, row.listening) : ''}`.padEnd(
      18,
    ),
    figure(arm.cpuSeconds, 1).padStart(6),
    `${figure(arm.copies)}${goal(arm.copies, row.copies, false)}`.padStart(12),
    figure(arm.reach).padStart(6),
    ` ${(arm.foreignCpuShare * 100).toFixed(0)} %`,
  ];
  console.log(`  ${cells.join(' ')}`);
}

/** Only the swarm: whatever a rival's protocol, its origin cannot be killed by what it tells. */
async function killRow(name, row) {
  const { bound, setting, ...shape } = settled(row);
  const killed = { ...setting, kill: 'first copy' };
  const options = { ...given, rivals: [], setting: killed, arms: [SWARM] };
  const { arms } = await compareArms(options);
  printHead(name, { ...shape, bound }, `${given.runs} runs, origin killed at the first full copy`);
  print(name, '  reach, the least of all runs', arms[0].reach, { target: 1, least: true });
  print(name, '  copies that it had sent by then', arms[0].copies, { target: 1.05 });
}

/** @param targets of hybridBeside(); none: the hub is killed */
async function hybridRow(name, row, targets) {
  const shape = settled(row);
  const what = targets ? 'medians of' : 'hub killed at the first full copy; runs:';
  printHead(name, shape, `${what} ${given.runs}, start included, nothing told`);
  const printOf = (...figure) => print(name, ...figure);
  if (targets) await hybridBeside(printOf, shape, given.runs, targets);
  else await hybridKilled(printOf, shape, given.runs);
  console.log(`  at the end: ${loadNote()}`);
}

async function pacersRow(name, row) {
  const { bound, setting, ...shape } = settled(row);
  const options = { ...given, rivals: [], setting, arms: [SWARM], link: 'pacer' };
  const { arms } = await compareArms(options);
  const [swarm] = arms;
  printHead(name, { ...shape, bound }, `medians of ${given.runs}, pacers on loopback`);
  const { median: middle } = efficiencies(swarm, bound);
  print(name, '  bound / makespan, start included', middle);
  const above = swarm.receiverCpuSeconds - emptyNodeSeconds();
  print(name, '  CPU-s of a receiver above `node -e 0`', above, { target: 0.5 });
}

async function queueRow(name, row) {
  const { bound, setting, ...shape } = settled(row);
  const options = { ...given, rivals: [], setting, arms: [SWARM, TOLD, AUTO] };
  const { arms, watched } = await compareArms({
    ...options,
    watch: (pid, signal) => sampleQueue(pid, 0, signal),
  });
  printHead(name, { ...shape, bound }, `medians of ${given.runs}; p95 of the origin's queue`);
  for (const arm of arms) {
    const waits = arm.runs.map(({ goAt, endedMs }) => {
      const during = watched.filter(({ at }) => at >= goAt && at <= goAt + endedMs);
      const sorted = during.map(({ backlogBytes }) => backlogBytes).sort((a, b) => a - b);
      return (
        ((sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN) * 1000) /
        ((shape.origin * MBIT) / 8)
      );
    });
    print(name, `  ${arm.text}: p95 queue, ms`, median(waits), { target: 60 });
    const { listening } = efficiencies(arm, bound);
    print(name, `  ${arm.text}: of the line, from listening`, listening, {
      target: 0.95,
      least: true,
    });
  }
}

/** A pair without caps, and the swarm on links of the kernel and on pacers. */
async function messagesRow(row) {
  const { bound, setting, ...shape } = settled(row);
  printHead('messages', { ...shape, bound }, 'a pair without caps');
  await pairMessages(shape.bytes);
  for (const link of ['netns', 'pacer']) {
    printHead('messages', { ...shape, bound }, `links: ${link}`);
    await swarmMessages(setting, link);
  }
}

if (values.list) {
  console.log(Object.keys(ROWS).join('\n'));
  process.exit();
}
const asked = [...args, ...values.row];
const unknown = asked.find((name) => !Object.hasOwn(ROWS, name));
if (unknown !== undefined) {
  refuse(import.meta.filename, `no row '${unknown}'; there are ${Object.keys(ROWS).join(', ')}`);
}
for (const row of asked.length > 0 ? asked : Object.keys(ROWS)) await ROWS[row]();
