import { expect, it } from 'vitest';
import { CHOKER_NAMES, PICKER_NAMES } from '../../src/swarm/policy.ts';

it('names the policies that a session knows', () => {
  expect(PICKER_NAMES).toEqual(['rarest', 'random', 'sequential']);
  expect(CHOKER_NAMES).toEqual(['cooperative', 'tit-for-tat']);
});
