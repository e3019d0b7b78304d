// The rivals that the lab ships.
import { type Rival, rivalSchema } from '../terms/rival.ts';
import { RELAY_CHAIN } from './relay-chain.ts';

export const RIVALS: readonly Rival[] = [RELAY_CHAIN].map((text) => rivalSchema.parse(text));
