import type { Message } from '../exchange/wire/message.ts';

/**
 * The messages that a free rider lets leave. It takes and never gives: an honest peer whose offers
 * are lost before they leave, as in a simulated swarm (simulate/sim-swarm.ts).
 */
export const freeRiderMaySend = ({ type }: Message): boolean => type !== 'grant';
