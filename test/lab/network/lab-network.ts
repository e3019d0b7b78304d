// What a test with a network of the lab needs (see support/needs.ts).
import { probeNetwork } from '../../../src/lab/network/probe.ts';

export const LAB_NETWORK = [
  ...['ip', 'tc', 'bridge'],
  { name: 'namespaces, veth, bridges, tbf', holds: () => probeNetwork().able },
];
