// experiment.json: what was to be measured, written before anything is. With the traces
// beside it, it is all that going on, or drawing conclusions anew, needs to know.
import { z } from 'zod';
import type { Design } from '../terms/planned-run.ts';
import { resultSchema } from '../terms/result.ts';
import { storedScenarioSchema } from '../terms/stored.ts';

const {
  schema,
  tool,
  profile,
  command,
  seed,
  fileName,
  startedAt,
  wallSeconds,
  environment,
  choice,
  base,
} = resultSchema.shape;

export const experimentSchema = z.strictObject({
  schema,
  tool,
  profile,
  command,
  seed,
  fileName,
  startedAt,
  environment,
  choice,
  base,
  /** So far, in all sittings. */
  wallSeconds,
  /** Null: none. */
  budgetMs: z.number().nonnegative().nullable(),
  /** The file that a person gave, as it was given; null: files are made from the seed. */
  file: z
    .strictObject({ path: z.string(), bytes: z.number().positive(), sha256: z.string() })
    .nullable(),
  /** What was asked for and is no part of it, in sentences. */
  notes: z.array(z.string()).default([]),
  scenarios: z.array(
    z.strictObject({ scenario: storedScenarioSchema, skipped: z.string().nullable() }),
  ),
});

export type Experiment = z.infer<typeof experimentSchema>;

/** The part of an experiment that is run. */
export const designOf = ({ scenarios, base, seed }: Experiment): Design => ({
  base,
  seed,
  scenarios: scenarios.filter(({ skipped }) => skipped === null).map(({ scenario }) => scenario),
});
