// Client-server mended: several hubs, behind a balancer or named to each client, what it
// buys, and what still is a single point of failure.
import type { Arm, ScenarioText } from '../terms/scenario.ts';

type ArmText = Omit<Arm, 'with' | 'upTo'> & Partial<Pick<Arm, 'with' | 'upTo'>>;

const arm = (id: string, text: string, given: Arm['with']): ArmText => ({
  id,
  architecture: 'server',
  text,
  with: given,
});

const nginx = arm('nginx', '3 hubs behind nginx', { hubs: 3, front: 'nginx' });
const haproxy = arm('haproxy', '3 hubs behind HAProxy', { hubs: 3, front: 'haproxy' });
const mirrors = arm('mirrors', '3 hubs, named to the clients', { hubs: 3 });

const receivers = { receivers: 6 };

export const replicas: ScenarioText = {
  id: 'replicas',
  title: 'Can client-server be mended, and at what price?',
  question: 'What do more hubs buy, and what does the same uplink buy when it is split?',
  figures: ['replicas'],
  arms: [
    arm('one', 'one hub', {}),
    arm('two', '2 hubs behind nginx', { hubs: 2, front: 'nginx' }),
    nginx,
    haproxy,
    mirrors,
    arm('shared', '3 hubs with the uplink of one', { hubs: 3, sharedUplink: true }),
    arm('fat', 'one hub with all uplinks of a swarm', { originUplinkFactor: 7 }),
    { id: 'swarm', architecture: 'swarm', text: 'swarm' },
  ],
  // The fat hub's clients must be able to take what it sends.
  setting: { ...receivers, downlinkFactor: 7 },
  metrics: ['makespanMs', 'efficiency', 'meanMs', 'originCopies', 'cpuSecondsPerGib'],
  claims: [
    {
      id: 'uplinks-are-the-price',
      text: 'Three hubs with three uplinks take at most half as long as one',
      metric: 'makespanMs',
      arm: 'mirrors',
      against: 'one',
      comparison: 'at most',
      threshold: 0.5,
    },
    {
      id: 'same-uplink-same-time',
      text: 'Three hubs that share one uplink take as long as one, within 10 %',
      metric: 'makespanMs',
      arm: 'shared',
      against: 'one',
      comparison: 'within',
      threshold: 0.1,
    },
    {
      id: 'receivers-bring-uplinks',
      text: 'A hub with the uplinks of all is not slower than the swarm by more than 10 %: the gain is uplinks, not magic',
      metric: 'makespanMs',
      arm: 'fat',
      against: 'swarm',
      comparison: 'at most',
      threshold: 1.1,
    },
  ],
  repetitions: { least: 2, most: 3 },
};

export const replicaKilled: ScenarioText = {
  id: 'replica-killed',
  title: 'A replica dies',
  question: 'One of three hubs is killed while it serves: who completes?',
  figures: ['strip', 'reach'],
  exhibits: 'each arm',
  arms: [nginx, haproxy, mirrors],
  setting: {
    ...receivers,
    faults: [{ do: 'kill', node: 'hub-2', when: { verifiedShare: 0.3 } }],
  },
  metrics: ['reach', 'makespanMs', 'outageMs', 'meanMs'],
  claims: [
    {
      id: 'replica-survived',
      text: 'Every client completes although one of three hubs is killed',
      metric: 'reach',
      arm: '*',
      comparison: 'at least',
      of: 'every run',
      threshold: 1,
    },
  ],
  repetitions: { least: 2, most: 3 },
};

export const frontKilled: ScenarioText = {
  id: 'front-killed',
  title: 'The balancer dies',
  question: 'What stands in front of three hubs is killed: who completes?',
  figures: ['strip', 'reach'],
  exhibits: 'each arm',
  arms: [nginx, haproxy],
  setting: {
    ...receivers,
    faults: [{ do: 'kill', node: 'front', when: { verifiedShare: 0.3 } }],
  },
  metrics: ['reach', 'outageMs'],
  claims: [
    {
      id: 'front-is-the-point',
      text: 'No client completes: the single point of failure has only moved',
      metric: 'reach',
      arm: '*',
      comparison: 'at most',
      of: 'every run',
      threshold: 0,
    },
  ],
  repetitions: { least: 2, most: 3 },
};
