// Where the optimum lies of piece length, grants kept open and neighbours called for:
// simulates flash crowds over each (`hubswarm simulate`), prints a table and draws
// docs/sweep.svg. The same figures each time: the seeds are given. Efficiency is the fluid
// bound over the makespan, so that piece lengths can be compared; it counts no CPU time,
// which speaks for longer pieces. Mean of two seeds; about 100 CPU seconds in all.
// Needs dist/ (npm run build).
//   node scripts/sweep.mjs [figure=docs/sweep.svg]
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { BINARY } from './lib/binary.mjs';
import { commandLine } from './lib/command-line.mjs';

const { args: given } = commandLine(import.meta.filename, { most: 1 });
const FIGURE = given[0] ?? resolve(import.meta.dirname, '../docs/sweep.svg');
const SEEDS = [1, 2];
/** Of a simulation's JSON: every receiver has an entry. */
const MAX_OUTPUT = 64 * 2 ** 20;

/** In one file: with more, a simulation takes minutes and says the same. */
const MOST_PIECES = 2048;
const KIB = 1024;
const LENGTHS = [16, 32, 64, 128, 256, 512, 1024, 2048];
const GRANTS = [1, 2, 3, 4, 6, 8];
const DEGREES = ['2', '3', '4', '6', '8', '12', 'all'];

const crowd = (mebibytes, receivers, latencyMs) => ({ mebibytes, receivers, latencyMs });
const name = ({ mebibytes, receivers, latencyMs }) =>
  `${mebibytes} MiB, N = ${receivers}, ${latencyMs} ms`;

const SWEEPS = [
  {
    title: 'Piece length',
    label: 'piece length, KiB',
    crowds: [
      crowd(4, 16, 5),
      crowd(4, 16, 50),
      crowd(32, 16, 5),
      crowd(32, 16, 50),
      crowd(32, 64, 5),
      crowd(256, 16, 5),
      crowd(256, 16, 50),
    ],
    values: LENGTHS,
    option: (length) => ['--chunk-size', `${length}KiB`],
    fits: ({ mebibytes }, length) => (mebibytes * KIB) / length <= MOST_PIECES,
    chosen: ({ pieceLength }) => pieceLength / KIB,
  },
  {
    title: 'Grants kept open',
    label: 'open grants',
    crowds: [
      crowd(4, 16, 5),
      crowd(4, 16, 20),
      crowd(4, 16, 50),
      crowd(32, 16, 5),
      crowd(32, 16, 20),
      crowd(32, 16, 50),
    ],
    values: [...GRANTS, 'measured'],
    option: (grants) => (grants === 'measured' ? [] : ['--turns', String(grants)]),
    fits: () => true,
    chosen: () => 'measured',
  },
  {
    title: 'Neighbours called for',
    label: 'neighbours, origin included',
    crowds: [crowd(32, 16, 5), crowd(32, 64, 5), crowd(32, 64, 50)],
    values: DEGREES,
    option: (degree) => ['--degree', degree],
    fits: () => true,
    chosen: ({ degree }) => String(degree),
  },
];

const run = promisify(execFile);

async function simulate({ mebibytes, receivers, latencyMs }, options) {
  const size = ['--size', `${mebibytes}MiB`, '--receivers', String(receivers)];
  const latency = ['--latency', `${latencyMs}ms`];
  const args = [BINARY, 'simulate', '--json', ...size, ...latency, ...options];
  const { stdout } = await run(process.execPath, args, { maxBuffer: MAX_OUTPUT });
  return JSON.parse(stdout);
}

async function efficiency(members, options) {
  let sum = 0;
  for (const seed of SEEDS) {
    const { bounds, makespanMs, completed } = await simulate(members, [
      ...options,
      '--seed',
      String(seed),
    ]);
    if (completed !== members.receivers) return Number.NaN;
    sum += (bounds.fluid.seconds * 1000) / makespanMs;
  }
  return sum / SEEDS.length;
}

/** One row for each crowd: its points, and the value that the program chooses itself. */
async function measure({ crowds, values, option, fits, chosen }) {
  const rows = [];
  for (const members of crowds) {
    const { scenario } = await simulate(members, ['--limit', '0']);
    const points = [];
    for (const value of values.filter((one) => fits(members, one))) {
      points.push({ value, efficiency: await efficiency(members, option(value)) });
    }
    rows.push({ members, points, chosen: chosen(scenario) });
  }
  return rows;
}

function print({ title, values }, rows) {
  const width = Math.max(...rows.map(({ members }) => name(members).length));
  const cell = (text) => text.padStart(9);
  console.log(`\n${title} (* is what the program chooses)`);
  console.log(`${''.padEnd(width)}${values.map((value) => cell(String(value))).join('')}     best`);
  for (const { members, points, chosen } of rows) {
    const best = points.reduce((a, b) => (b.efficiency > a.efficiency ? b : a));
    const cells = values.map((value) => {
      const point = points.find((one) => one.value === value);
      if (!point) return cell('-');
      return cell(`${point.efficiency.toFixed(3)}${value === chosen ? '*' : ' '}`);
    });
    console.log(`${name(members).padEnd(width)}${cells.join('')}${cell(String(best.value))}`);
  }
}

/**
 * A crowd looks the same in every panel: its colour tells file and receivers, its dashes
 * the latency. Okabe & Ito's colours, which people with every common colour blindness
 * tell apart.
 */
const COLOURS = { '4/16': '#0072b2', '32/16': '#c85200', '32/64': '#009e73', '256/16': '#b0458a' };
const DASHES = { 5: ['none', '——'], 20: ['2 4', '····'], 50: ['7 4', '– –'] };
const INK = '#1b1d22';
const PANEL = { width: 430, height: 430 };
const LEGEND_LINE = 15;
/** Below the frame: ticks, the axis' label, then the legend. */
const LABEL_DY = 36;
const LEGEND_DY = 58;

const colour = ({ mebibytes, receivers }) => COLOURS[`${mebibytes}/${receivers}`];

function draw({ title, label, values }, rows) {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const all = rows.flatMap(({ points }) => points.map((point) => point.efficiency));
  const lowest = Math.floor(Math.min(...all.filter(Number.isFinite)) * 10) / 10;
  const below = (text, dy, fill) =>
    Plot.text([text], { frameAnchor: 'bottom-left', text: (line) => line, fill, dy });
  const legend = rows.map(({ members }, i) => {
    const text = `${DASHES[members.latencyMs][1]}  ${name(members)}`;
    return below(text, LEGEND_DY + LEGEND_LINE * i, colour(members));
  });
  return Plot.plot({
    ...PANEL,
    document,
    marginLeft: 48,
    marginBottom: LEGEND_DY + LEGEND_LINE * (rows.length + 1),
    ariaLabel: `Efficiency over ${label}`,
    style: { fontSize: '12px', fontFamily: 'system-ui, sans-serif', color: INK },
    x: { type: 'point', domain: values.map(String), label: null, padding: 0.4 },
    y: { domain: [lowest, 1], grid: true, label: `${title}: fluid bound / makespan` },
    marks: [
      ...rows.flatMap(curve),
      below(`${label}; filled: what the program chooses`, LABEL_DY, INK),
      ...legend,
    ],
  });
}

function curve({ members, points, chosen }) {
  const at = { x: ({ value }) => String(value), y: 'efficiency', stroke: colour(members) };
  return [
    Plot.line(points, { ...at, strokeWidth: 1.8, strokeDasharray: DASHES[members.latencyMs][0] }),
    Plot.dot(points, {
      ...at,
      fill: ({ value }) => (value === chosen ? colour(members) : 'white'),
      r: ({ value }) => (value === chosen ? 5 : 3),
    }),
  ];
}

function figure(panels) {
  const placed = panels.map((svg, i) => {
    svg.setAttribute('x', String(i * PANEL.width));
    svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    return svg.outerHTML;
  });
  const [width, height] = [PANEL.width * panels.length, PANEL.height];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<rect width="100%" height="100%" fill="white"/>${placed.join('')}</svg>\n`
  );
}

const startedAt = performance.now();
const panels = [];
for (const sweep of SWEEPS) {
  const rows = await measure(sweep);
  print(sweep, rows);
  panels.push(draw(sweep, rows));
}
await writeFile(FIGURE, figure(panels));
console.log(`\n${FIGURE}, after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
