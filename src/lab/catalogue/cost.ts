// The costs of each architecture: CPU and memory where nothing holds the links, and bytes
// on the wire where the kernel counts them.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const cost: ScenarioText = {
  id: 'cost',
  title: 'What does it cost?',
  question: 'CPU time, memory and bytes received in vain, with nothing to hold the links',
  role: 'cost',
  figures: ['cost'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'server-tls', architecture: 'server', text: 'server over TLS', with: { tls: true } },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
  ],
  setting: { link: 'none', receivers: 4, fileBytes: 64 * MIB },
  metrics: [
    'cpuSecondsPerGib',
    'cpuStartMs',
    'rssPeakBytes',
    'duplicateShare',
    'originCopies',
    'makespanMs',
  ],
  claims: [
    {
      id: 'swarm-costs-cpu',
      text: 'The swarm uses at most 8 times the CPU time of a server for each byte',
      metric: 'cpuSecondsPerGib',
      arm: 'swarm',
      against: 'server',
      comparison: 'at most',
      threshold: 8,
    },
    {
      id: 'little-in-vain',
      text: 'At most 3 % is received in vain',
      metric: 'duplicateShare',
      arm: '*',
      comparison: 'at most',
      threshold: 0.03,
    },
  ],
  repetitions: { least: 2, most: 5 },
};

export const wire: ScenarioText = {
  id: 'wire',
  title: 'What goes over the wire?',
  question: 'Bytes on all links, headers and acknowledgements included, over those delivered',
  role: 'cost',
  figures: ['wire'],
  arms: cost.arms,
  setting: { link: 'netns', receivers: 4, fileBytes: 8 * MIB },
  metrics: ['wireOverhead', 'duplicateShare', 'originCopies', 'makespanMs'],
  claims: [
    {
      id: 'wire-overhead',
      text: 'No architecture sends more than 1.15 bytes over the wire for each that is delivered',
      metric: 'wireOverhead',
      arm: '*',
      comparison: 'at most',
      threshold: 0.15,
    },
  ],
  repetitions: { least: 2, most: 3 },
};
