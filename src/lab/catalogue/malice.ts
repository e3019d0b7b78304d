// Hostile peers, up to half as many as receivers. Nobody may end with a wrong byte.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const malice: ScenarioText = {
  id: 'malice',
  title: 'What can malicious peers do?',
  question: 'Poison, false haves, trickles, oversize frames: does it hurt, and whom?',
  figures: ['malice'],
  arms: [
    { id: 'swarm', architecture: 'swarm', text: 'nobody hostile', with: { attackers: 0 } },
    { id: 'poison', architecture: 'swarm', text: 'poison', with: { attack: 'poison' } },
    {
      id: 'false-haves',
      architecture: 'swarm',
      text: 'false haves',
      with: { attack: 'false-haves' },
    },
    { id: 'slow-loris', architecture: 'swarm', text: 'trickles', with: { attack: 'slow-loris' } },
    {
      id: 'oversize',
      architecture: 'swarm',
      text: 'oversize frames',
      with: { attack: 'oversize' },
    },
  ],
  // Two seconds a copy: more processes than cores must not decide it.
  setting: { receivers: 8, uplinkBytesPerSecond: 2 * MIB },
  sweep: { attackers: [1, 2, 4] },
  metrics: ['reach', 'badFiles', 'makespanMs', 'refusedPieces', 'duplicateShare', 'originCopies'],
  claims: [
    {
      id: 'no-bad-byte',
      text: 'No receiver ends with a wrong byte on its disk',
      metric: 'badFiles',
      arm: '*',
      comparison: 'at most',
      of: 'every run',
      threshold: 0,
    },
    {
      id: 'malice-does-not-strand',
      text: 'Every honest receiver completes',
      metric: 'reach',
      arm: '*',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'poison-is-refused',
      text: 'Poison is tried at all: wrong pieces arrive and are refused',
      metric: 'refusedPieces',
      arm: 'poison',
      comparison: 'at least',
      threshold: 1,
    },
    {
      id: 'poison-costs-little',
      text: 'Poisoners make it at most twice as long',
      metric: 'makespanMs',
      arm: 'poison',
      against: 'swarm',
      comparison: 'at most',
      threshold: 2,
    },
  ],
  repetitions: { least: 2, most: 3 },
};
