// Peers that take and never give, among peers that serve whoever has least, or in kind.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const freeRiders: ScenarioText = {
  id: 'free-riders',
  title: 'Do free riders slow others, and are they slowed?',
  question: 'What do receivers that never upload cost, and does answering in kind help?',
  figures: ['free riders'],
  simulate: 'far',
  arms: [
    { id: 'swarm', architecture: 'swarm', text: 'cooperative' },
    {
      id: 'swarm-tit-for-tat',
      architecture: 'swarm',
      text: 'tit for tat',
      with: { choker: 'tit-for-tat' },
    },
  ],
  // Two seconds a copy: more processes than cores must not decide it.
  setting: { receivers: 8, uplinkBytesPerSecond: 2 * MIB },
  sweep: { riderShare: [0, 0.25, 0.5, 0.75] },
  metrics: ['makespanMs', 'efficiency', 'giversMs', 'ridersMs', 'ridersOverGivers', 'reach'],
  claims: [
    {
      id: 'riders-do-not-strand',
      text: 'Everybody completes, however many ride free',
      metric: 'reach',
      arm: '*',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'riders-are-last',
      text: 'Under tit for tat free riders need at least as long as those who give',
      metric: 'ridersOverGivers',
      arm: 'swarm-tit-for-tat',
      at: { riderShare: { atLeast: 0.25 } },
      comparison: 'at least',
      threshold: 1,
    },
    {
      id: 'riders-cost-their-uplinks',
      text: 'Free riders cost their uplinks and little more: at least half of what theory allows without those',
      metric: 'efficiency',
      arm: 'swarm',
      comparison: 'at least',
      threshold: 0.5,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
