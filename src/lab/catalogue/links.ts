// Links held by the programs and links held by the kernel must give the same figures, or
// one of them is no link.
import type { ScenarioText } from '../terms/scenario.ts';

const MIB = 2 ** 20;

export const links: ScenarioText = {
  id: 'links',
  title: 'Do both kinds of link agree?',
  question: 'Is a rate held by the programs as good as one held by the kernel?',
  role: 'link kinds',
  figures: ['links'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server', with: { link: 'pacer' } },
    {
      id: 'server-kernel',
      architecture: 'server',
      text: 'server, links of the kernel',
      with: { link: 'netns' },
    },
    { id: 'swarm', architecture: 'swarm', text: 'swarm', with: { link: 'pacer' } },
    {
      id: 'swarm-kernel',
      architecture: 'swarm',
      text: 'swarm, links of the kernel',
      with: { link: 'netns' },
    },
  ],
  // Four seconds a copy: what connecting costs weighs less.
  setting: { receivers: 4, fileBytes: 8 * MIB, uplinkBytesPerSecond: 2 * MIB },
  metrics: ['makespanMs', 'efficiency', 'originCopies', 'wireOverhead'],
  claims: [
    {
      id: 'server-links-agree',
      text: 'With links of the kernel the server takes as long as with its own, within 10 %',
      metric: 'makespanMs',
      arm: 'server-kernel',
      against: 'server',
      comparison: 'within',
      threshold: 0.1,
    },
    {
      id: 'swarm-links-agree',
      text: 'With links of the kernel the swarm takes as long as with its own, within 10 %',
      metric: 'makespanMs',
      arm: 'swarm-kernel',
      against: 'swarm',
      comparison: 'within',
      threshold: 0.1,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
