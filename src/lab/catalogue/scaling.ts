// The textbook's picture: how the time until the last one has it grows with their number.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const scaling: ScenarioText = {
  id: 'scaling',
  title: 'How long until the last one has it?',
  question: 'How does the makespan grow with the number of receivers?',
  role: 'scaling',
  figures: ['scaling', 'uplinks'],
  exhibits: 'largest',
  simulate: 'growing',
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    {
      id: 'server-serial',
      architecture: 'server',
      text: 'server, one by one',
      with: { arrivals: 'one by one' },
      upTo: { receivers: 8 },
    },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
  ],
  // So slow that 16 peers on two cores wait for their links and not for the CPU.
  setting: { fileBytes: 3 * MIB, uplinkBytesPerSecond: MIB },
  sweep: { receivers: [1, 2, 4, 8, 16, 32] },
  metrics: ['makespanMs', 'efficiency', 'meanMs', 'originCopies', 'uplinkUse', 'firstPieceMs'],
  claims: [
    {
      id: 'swarm-faster',
      text: 'With 8 receivers or more the swarm finishes at least 3 times sooner than the server, at equal uplinks',
      metric: 'makespanMs',
      arm: 'server',
      against: 'swarm',
      at: { receivers: { atLeast: 8 } },
      comparison: 'at least',
      threshold: 3,
    },
    {
      id: 'server-at-bound',
      text: 'The server is a fair opponent: at least 0.9 of its theoretical best at every N',
      metric: 'efficiency',
      arm: 'server',
      comparison: 'at least',
      threshold: 0.9,
    },
    {
      id: 'swarm-flat',
      // With more, two cores decide and not the links.
      text: 'Swarms of 8 to 16 take at most twice as long as the smallest',
      metric: 'makespanMs',
      arm: 'swarm',
      at: { receivers: { atLeast: 8, atMost: 16 } },
      againstPoint: { receivers: 'least' },
      comparison: 'at most',
      threshold: 2,
    },
    {
      id: 'origin-relieved',
      text: 'With 8 receivers or more the origin of the swarm sends at most 2 copies',
      metric: 'originCopies',
      arm: 'swarm',
      at: { receivers: { atLeast: 8 } },
      comparison: 'at most',
      threshold: 2,
    },
    {
      id: 'serial-mean',
      text: 'Served one by one, clients wait on average at most 0.65 of what equal shares cost them',
      metric: 'meanMs',
      arm: 'server-serial',
      against: 'server',
      at: { receivers: { atLeast: 8, atMost: 8 } },
      comparison: 'at most',
      threshold: 0.65,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
