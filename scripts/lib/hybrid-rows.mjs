// Rows of bench-swarm.mjs in which a hub is a peer too, and the receivers join it by its URL: beside
// a swarm of the same links, or killed after its first copy.
import { onHosts } from './kernel-hosts.mjs';
import { median } from './lab-row.mjs';
import { fileOf, SCRATCH } from './scratch.mjs';
import { runSwarm } from './swarm-run.mjs';

const texts = (values) => values.map((value) => value.toFixed(2)).join(', ');

/**
 * A round is a run of each, the one that begins in turn; their ratio is of one round.
 *
 * @param {(what: string, figure: number, goal?: object) => void} print
 * @param {{ratio?: number, least?: number, copies?: number}} targets
 */
export async function hybridBeside(print, { bytes, bound, ends }, rounds, targets) {
  const runs = { hybrid: [], swarm: [] };
  await onHosts([...ends.origins, ...ends.receivers], async (hosts) => {
    for (let round = 0; round < rounds; round++) {
      for (const arm of round % 2 ? ['swarm', 'hybrid'] : ['hybrid', 'swarm']) {
        const hub = arm === 'hybrid';
        const scenario = { file: fileOf(bytes), ...ends, hosts, hub, scratch: SCRATCH };
        runs[arm].push(await runSwarm(scenario));
      }
    }
  });
  const { hybrid, swarm } = runs;
  const show = (what, values, goal) =>
    print(what, median(values), { ...goal, note: `of ${texts(values)}` });
  const each = (of, name) => of.map((run) => run[name]);
  const efficiencies = (of) => of.map(({ seconds }) => bound / seconds);
  const ratios = hybrid.map(({ seconds }, i) => seconds / swarm[i].seconds);
  show("  makespan / the swarm's", ratios, { target: targets.ratio });
  show('  bound / makespan', efficiencies(hybrid), { target: targets.least, least: true });
  show('  bound / makespan of the swarm', efficiencies(swarm));
  show("  hub's copies, HTTP and swarm", each(hybrid, 'copies'), { target: targets.copies });
  show('  by HTTP among them', each(hybrid, 'httpCopies'));
  show("  copies of the swarm's origin", each(swarm, 'copies'));
}

export async function hybridKilled(print, { bytes, ends }, rounds) {
  const runs = [];
  await onHosts([...ends.origins, ...ends.receivers], async (hosts) => {
    const scenario = { file: fileOf(bytes), ...ends, hosts, hub: true, scratch: SCRATCH };
    for (let round = 0; round < rounds; round++) {
      runs.push(await runSwarm({ ...scenario, killOnceCopied: true }));
    }
  });
  const all = ends.receivers.length;
  const completed = runs.map(({ lost }) => all - lost);
  print('  receivers that completed, the least', Math.min(...completed), {
    ...{ target: all, least: true, note: `of ${all} each: ${completed.join(', ')}` },
  });
  const copies = runs.map((run) => run.copies);
  print('  copies that it had sent by then', median(copies), { note: `of ${texts(copies)}` });
}
