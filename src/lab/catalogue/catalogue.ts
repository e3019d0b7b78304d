// All scenarios, in the order in which they are run and reported.
import { type Scenario, scenarioSchema } from '../terms/scenario.ts';
import { calibration } from './calibration.ts';
import { churn } from './churn.ts';
import { cost, wire } from './cost.ts';
import { freeRiders } from './free-riders.ts';
import { kill } from './kill.ts';
import { late } from './late.ts';
import { links } from './links.ts';
import { malice } from './malice.ts';
import { partition } from './partition.ts';
import { pieceLength } from './piece-length.ts';
import { frontKilled, replicaKilled, replicas } from './replicas.ts';
import { scaling } from './scaling.ts';
import { small } from './small.ts';
import { unequal } from './unequal.ts';

export const CATALOGUE: readonly Scenario[] = [
  calibration,
  links,
  scaling,
  kill,
  churn,
  freeRiders,
  malice,
  late,
  pieceLength,
  unequal,
  replicas,
  replicaKilled,
  frontKilled,
  partition,
  small,
  cost,
  wire,
].map((text) => scenarioSchema.parse(text));
