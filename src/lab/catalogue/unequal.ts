// Uplinks of three classes, and an origin that is as slow as the slowest or fast.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const unequal: ScenarioText = {
  id: 'unequal',
  title: 'What if uplinks are unequal?',
  question: 'Receivers with uplinks 1 : 4 : 16, and a slow or a fast origin: who gains?',
  figures: ['unequal'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
    {
      id: 'swarm-tit-for-tat',
      architecture: 'swarm',
      text: 'swarm, tit for tat',
      with: { choker: 'tit-for-tat' },
    },
    { id: 'hybrid', architecture: 'hybrid', text: 'hybrid' },
  ],
  setting: {
    receivers: 6,
    fileBytes: 2 * MIB,
    uplinkBytesPerSecond: MIB / 2,
    uplinkFactors: [1, 4, 16],
    downlinkFactor: 16,
  },
  sweep: { originUplinkFactor: [1, 16] },
  metrics: ['makespanMs', 'efficiency', 'medianMs', 'fastOverSlow', 'originCopies'],
  claims: [
    {
      id: 'slow-origin-relieved',
      text: 'Behind a slow origin the swarm finishes at least 3 times sooner than the server',
      metric: 'makespanMs',
      arm: 'server',
      against: 'swarm',
      at: { originUplinkFactor: 1 },
      comparison: 'at least',
      threshold: 3,
    },
    {
      id: 'unequal-at-bound',
      text: 'Behind a slow origin the swarm reaches at least 0.7 of the fluid bound',
      metric: 'efficiency',
      arm: 'swarm',
      at: { originUplinkFactor: 1 },
      comparison: 'at least',
      threshold: 0.7,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
