// The long tail: receivers that come after the crowd, and whether a node still serves them.
import type { ScenarioText } from '../terms/scenario.ts';

export const late: ScenarioText = {
  id: 'late',
  title: 'Who serves the long tail?',
  question: 'Receivers come one after the other: from whom do the last ones have it?',
  figures: ['late'],
  arms: [
    { id: 'server', architecture: 'server', text: 'server' },
    { id: 'server-dies', architecture: 'server', text: 'server that dies', with: { kill: 1.5 } },
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
    {
      id: 'swarm-dies',
      architecture: 'swarm',
      text: 'swarm whose origin dies',
      with: { kill: 'first copy' },
    },
    { id: 'hybrid', architecture: 'hybrid', text: 'hybrid' },
    {
      id: 'hybrid-dies',
      architecture: 'hybrid',
      text: 'hybrid whose hub dies',
      with: { kill: 'first copy' },
    },
  ],
  // Faster than a server could serve them: half a copy's time apart.
  setting: { receivers: 8, arrivals: { apartPasses: 0.5 } },
  metrics: ['reach', 'medianMs', 'meanMs', 'makespanMs', 'originCopies', 'lastOriginShare'],
  claims: [
    {
      id: 'tail-is-served',
      text: 'Everybody completes in the swarm, also those who come after its origin died',
      metric: 'reach',
      arm: 'swarm-dies',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'tail-without-hub',
      text: 'Everybody completes after a hub that is a peer too has died, also those who come later',
      metric: 'reach',
      arm: 'hybrid-dies',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
    {
      id: 'tail-is-stranded',
      text: 'At most half of the clients complete when the server dies after 1.5 copies',
      metric: 'reach',
      arm: 'server-dies',
      comparison: 'at most',
      threshold: 0.5,
    },
    {
      id: 'tail-from-peers',
      text: 'The last to come has at most half of the file from the origin',
      metric: 'lastOriginShare',
      arm: 'swarm',
      comparison: 'at most',
      threshold: 0.5,
    },
  ],
  repetitions: { least: 2, most: 5 },
};
