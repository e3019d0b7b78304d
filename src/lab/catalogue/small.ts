// Where the swarm loses: few receivers and small files, for which finding each other takes
// longer than sending.
import type { ScenarioText } from '../terms/scenario.ts';

const KIB = 1024;
const MIB = 2 ** 20;

export const small: ScenarioText = {
  id: 'small',
  title: 'Where does the swarm lose?',
  question: 'For how few receivers and how small a file is a server faster?',
  figures: ['break-even'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
    { id: 'hybrid', architecture: 'hybrid', text: 'hybrid' },
  ],
  sweep: { receivers: [1, 2, 4, 8], fileBytes: [64 * KIB, 256 * KIB, MIB, 4 * MIB] },
  metrics: ['makespanMs', 'firstPieceMs', 'cpuSecondsPerGib'],
  claims: [
    {
      id: 'server-wins-small',
      text: 'One receiver has 64 KiB sooner from a server',
      metric: 'makespanMs',
      arm: 'server',
      against: 'swarm',
      at: { receivers: 1, fileBytes: 64 * KIB },
      comparison: 'at most',
      threshold: 1,
    },
    {
      id: 'swarm-wins-large',
      text: 'Eight receivers have 4 MiB at least 3 times sooner from a swarm',
      metric: 'makespanMs',
      arm: 'server',
      against: 'swarm',
      at: { receivers: 8, fileBytes: 4 * MIB },
      comparison: 'at least',
      threshold: 3,
    },
  ],
  repetitions: { least: 2, most: 3 },
};
