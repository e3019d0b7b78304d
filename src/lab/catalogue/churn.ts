// Peers come and go: who leaves must not take the others' file along.
import type { ScenarioText } from '../terms/scenario.ts';

export const churn: ScenarioText = {
  id: 'churn',
  title: 'Do leavers hurt those who stay?',
  question: 'What happens when peers leave as soon as they are done, vanish, or come back?',
  figures: ['churn', 'availability'],
  exhibits: 'each arm',
  simulate: 'far',
  arms: [
    { id: 'swarm', architecture: 'swarm', text: 'all stay' },
    { id: 'swarm-leaves', architecture: 'swarm', text: 'leave when done', with: { leaves: true } },
    {
      id: 'swarm-vanishes',
      architecture: 'swarm',
      text: 'half vanish',
      with: { lifetimeShare: 0.5 },
    },
    {
      id: 'swarm-rejoins',
      architecture: 'swarm',
      text: 'half vanish and come back',
      with: { lifetimeShare: 0.5, rejoin: true },
    },
    {
      id: 'server-vanishes',
      architecture: 'server',
      text: 'server, half of the clients vanish',
      with: { lifetimeShare: 0.5 },
    },
  ],
  setting: { receivers: 8 },
  metrics: ['stayersReach', 'reach', 'makespanMs', 'originCopies', 'refetchedShare'],
  claims: [
    {
      id: 'stayers-complete',
      text: 'Everybody who stays completes, whoever leaves',
      metric: 'stayersReach',
      arm: '*',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'leavers-cost-little',
      text: 'When half of the peers vanish, those who stay need at most twice as long',
      metric: 'makespanMs',
      arm: 'swarm-vanishes',
      against: 'swarm',
      comparison: 'at most',
      threshold: 2,
    },
    {
      id: 'resume-keeps',
      text: 'Who comes back fetches at most a tenth of the file again',
      metric: 'refetchedShare',
      arm: 'swarm-rejoins',
      comparison: 'at most',
      threshold: 0.1,
    },
  ],
  repetitions: { least: 3, most: 5 },
};
