// The network falls in two and heals: real cuts between namespaces.
import type { ScenarioText } from '../terms/scenario.ts';

export const partition: ScenarioText = {
  id: 'partition',
  title: 'Half of the network is cut off',
  question: 'What does a half without the origin do meanwhile, and after it heals?',
  figures: ['strip', 'availability'],
  exhibits: 'each arm',
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
  ],
  setting: {
    link: 'netns',
    receivers: 6,
    faults: [
      { do: 'split', when: { verifiedShare: 0.4 } },
      { do: 'join', when: { passes: 1.5 } },
    ],
  },
  metrics: ['reach', 'makespanMs', 'medianMs', 'outageMs', 'originCopies'],
  claims: [
    {
      id: 'healed',
      text: 'Everybody completes after the network has healed',
      metric: 'reach',
      arm: '*',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'partition-swarm-sooner',
      text: 'The swarm is done at least 1.5 times sooner than the server all the same',
      metric: 'makespanMs',
      arm: 'server',
      against: 'swarm',
      comparison: 'at least',
      threshold: 1.5,
    },
  ],
  repetitions: { least: 2, most: 3 },
};
