// Short pieces spread sooner, long ones cost less: there should be an optimum between.
import type { ScenarioText } from '../terms/scenario.ts';

const KIB = 1024;
const MIB = 2 ** 20;

export const pieceLength: ScenarioText = {
  id: 'piece-length',
  title: 'Is there a best piece length?',
  question: 'How does the makespan change with the length of a piece?',
  figures: ['piece length'],
  arms: [{ id: 'swarm', architecture: 'swarm', text: 'swarm' }],
  // Four seconds a copy: what 512 short pieces cost must not hold up their own senders.
  setting: { receivers: 8, fileBytes: 8 * MIB, uplinkBytesPerSecond: 2 * MIB },
  // 2 MiB is the longest that the binary takes, as IPFS nodes take no longer blocks.
  sweep: {
    pieceLength: [16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB, 2 * MIB],
  },
  metrics: ['makespanMs', 'efficiency', 'originCopies', 'cpuSecondsPerGib'],
  claims: [
    {
      id: 'not-too-long',
      text: 'Pieces of 2 MiB take at least 1.2 times as long as pieces of 64 KiB',
      metric: 'makespanMs',
      arm: 'swarm',
      at: { pieceLength: 2 * MIB },
      againstPoint: { pieceLength: 64 * KIB },
      comparison: 'at least',
      threshold: 1.2,
    },
    {
      id: 'not-too-short',
      text: 'Pieces of 16 KiB cost at least 1.2 times the CPU of pieces of 256 KiB',
      metric: 'cpuSecondsPerGib',
      arm: 'swarm',
      at: { pieceLength: 16 * KIB },
      againstPoint: { pieceLength: 256 * KIB },
      comparison: 'at least',
      threshold: 1.2,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
