// Can this machine and harness measure at all? Each link alone, the same against itself,
// and plain HTTP against TLS, so that the swarm's encryption cannot explain a difference.
import type { ScenarioText } from '../terms/scenario.ts';

export const calibration: ScenarioText = {
  id: 'calibration',
  title: 'Can this be measured here?',
  question: 'Are links held, is the same as fast as itself, and does encryption matter?',
  role: 'calibration',
  figures: ['calibration'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'server-tls', architecture: 'server', text: 'server over TLS', with: { tls: true } },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
    { id: 'swarm-again', architecture: 'swarm', text: 'the same swarm again' },
  ],
  sweep: { receivers: [1, 4] },
  metrics: ['linkUse', 'makespanMs', 'efficiency'],
  claims: [
    {
      id: 'links-held',
      text: 'Alone, each link gives its cap, within 5 %',
      metric: 'linkUse',
      arm: '*',
      at: { receivers: 1 },
      comparison: 'within',
      threshold: 0.05,
    },
    {
      id: 'same-is-same',
      text: 'A swarm takes as long as the same swarm again, within 15 %',
      metric: 'makespanMs',
      arm: 'swarm-again',
      against: 'swarm',
      at: { receivers: 4 },
      comparison: 'within',
      threshold: 0.15,
    },
    {
      id: 'tls-is-free',
      text: 'At these rates a server over TLS takes as long as one without, within 5 %',
      metric: 'makespanMs',
      arm: 'server-tls',
      against: 'server',
      at: { receivers: 4 },
      comparison: 'within',
      threshold: 0.05,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
