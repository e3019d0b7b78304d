// Every kind of attack, by its name.
import type { Conduct, Means } from './conduct.ts';
import type { AttackKind } from './kind.ts';
import { Oversize } from './oversize.ts';
import { Poison } from './poison.ts';
import { SlowLoris } from './slow-loris.ts';

export const CONDUCTS: Record<AttackKind, (means: Means) => Conduct> = {
  poison: (means) => new Poison(means),
  'false-haves': () => ({ handleRequest() {} }),
  'slow-loris': (means) => new SlowLoris(means),
  oversize: (means) => new Oversize(means),
};
