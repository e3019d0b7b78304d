// Options that swarms have over any wires, libp2p's among them.
import type { Caps } from '../link/link.ts';
import { CHOKER_NAMES, PICKER_NAMES, type Policy } from '../swarm/policy.ts';
import { oneOf, rate, record } from './options.ts';

export const caps = record<Caps>({ uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate });

export const policy = record<Policy>({
  picker: oneOf(PICKER_NAMES),
  choker: oneOf(CHOKER_NAMES),
});
