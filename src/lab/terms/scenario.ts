// A scenario is an experiment as data: a question, the arms that answer it, what is
// swept, and claims with thresholds that can fail, all written before it runs. The
// catalogue holds ours; --scenario FILE reads others in the same form.
import { z } from 'zod';
import { METRIC_NAMES } from './metric.ts';
import { rivalSchema } from './rival.ts';
import { settingSchema } from './setting.ts';

/** `hybrid`: a hub that is a peer too, and receivers that are peers and know its URL. */
export const ARCHITECTURES = ['server', 'swarm', 'hybrid'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
/** Those that a comparison holds against each other; a hybrid stands beside them. */
export const CONTEST: readonly Architecture[] = ['server', 'swarm'];
/** ... or a program of somebody else, whatever its architecture. */
export const CONTESTANTS = [...ARCHITECTURES, 'rival'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/** Whether what a receiver has helps the others: they are peers of ours. */
export const isPeers = (architecture: Contestant): boolean =>
  architecture === 'swarm' || architecture === 'hybrid';

const idSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case words joined by -');
const someSetting = settingSchema.partial();

/** Values of a setting, each a point; several swept keys make a grid. */
const sweepSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(settingSchema.shape).map(([key, value]) => [
      key,
      z.array(value).min(1).optional(),
    ]),
  ) as {
    [K in keyof typeof settingSchema.shape]: z.ZodOptional<
      z.ZodArray<(typeof settingSchema.shape)[K]>
    >;
  },
);

const armSchema = z
  .strictObject({
    id: idSchema,
    architecture: z.enum(CONTESTANTS),
    /** For people; as in `server, one by one`. */
    text: z.string(),
    /** The program of an arm whose architecture is `rival`. */
    rival: rivalSchema.optional(),
    with: someSetting.default({}),
    /** Points above these values are left out for this arm. */
    upTo: z.partialRecord(settingSchema.keyof(), z.number()).default({}),
  })
  .refine(({ architecture, rival }) => (architecture === 'rival') === (rival !== undefined), {
    error: "an arm with a 'rival' and the architecture 'rival', or neither",
  });

/** A value that a swept key must have: itself, a range, or the end of the sweep. */
const conditionSchema = z.union([
  z.number(),
  z.string(),
  z.strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() }),
]);

const claimSchema = z.strictObject({
  id: idSchema,
  /** One sentence, true when it holds. */
  text: z.string(),
  metric: z.enum(METRIC_NAMES),
  /** The arm that is judged, or `*`: the worst of all. */
  arm: z.union([idSchema, z.literal('*')]),
  /** The metric of `arm` over that of this arm, run pair by run pair. */
  against: idSchema.optional(),
  /** ... or over that of the same arm at this other point. */
  againstPoint: z.record(z.string(), conditionSchema).optional(),
  /** Which points; 'most' and 'least' are the ends of the sweep. */
  at: z.record(z.string(), conditionSchema).default({}),
  comparison: z.enum(['at least', 'at most', 'within']),
  /** What counts at a point: the median of its runs, or each of them. The worst point decides. */
  of: z.enum(['median', 'every run']).default('median'),
  /** The limit; with `within` the allowed distance from 1. */
  threshold: z.number(),
});

/** Drawings that a scenario may ask for by name; report/page/gallery.ts has one for each. */
const FIGURES = [
  'calibration',
  'links',
  'scaling',
  'uplinks',
  'kill',
  'availability',
  'churn',
  'free riders',
  'malice',
  'late',
  'piece length',
  'unequal',
  'replicas',
  'strip',
  'reach',
  'break-even',
  'cost',
  'wire',
] as const;
export type FigureName = (typeof FIGURES)[number];

/** What the rest of the lab does with a scenario. Nothing else there may ask for its id. */
const traits = {
  /**
   * The part it plays in the whole comparison:
   *
   * - `calibration`: its `linkUse` decides whether links are held, and so the verdict.
   * - `link kinds`: its claims say whether both kinds of link agree.
   * - `scaling`: the first sentence of the report, server beside swarm in the terminal.
   * - `kill`: the second sentence, and who completes after each kill. It sweeps `kill`.
   * - `cost`: the third sentence. A comparison without one takes the costs of `scaling`.
   */
  role: z.enum(['calibration', 'link kinds', 'scaling', 'kill', 'cost']).nullable().default(null),
  /** Figures in this order. If none has anything to show, a figure of makespans is drawn. */
  figures: z.array(z.enum(FIGURES)).default([]),
  /** Runs that are drawn from their raw events. */
  exhibits: z
    .enum([
      /** One of each architecture with the most receivers. */
      'largest',
      /** One of each arm, of those in which the origin is killed after its first copy. */
      'first copy',
      /** One of each arm at the first point of the sweep. */
      'each arm',
    ])
    .nullable()
    .default(null),
  /** How a full comparison simulates its swarms, beside the points that were run. */
  simulate: z
    .enum([
      'as run',
      /** Once more with 256 receivers. */
      'far',
      /** With more and more receivers, up to 10,000. */
      'growing',
    ])
    .default('as run'),
};
export const TRAITS = Object.keys(traits) as readonly (keyof typeof traits)[];

export const scenarioSchema = z.strictObject({
  id: idSchema,
  title: z.string(),
  question: z.string(),
  arms: z.array(armSchema).min(1),
  setting: someSetting.default({}),
  sweep: sweepSchema.default({}),
  /** Metrics that its table shows. */
  metrics: z.array(z.enum(METRIC_NAMES)).min(1),
  claims: z.array(claimSchema).default([]),
  repetitions: z.strictObject({
    /** Always made. */
    least: z.number().int().positive(),
    /** Made as time allows and the spread of the runs asks for. */
    most: z.number().int().positive(),
  }),
  ...traits,
});

export type Scenario = z.infer<typeof scenarioSchema>;
/** A scenario as it is written down: keys with a default may be left out. */
export type ScenarioText = z.input<typeof scenarioSchema>;
export type Traits = Pick<Scenario, keyof typeof traits>;
export type Role = NonNullable<Scenario['role']>;
export type Arm = z.infer<typeof armSchema>;
export type ClaimRule = z.infer<typeof claimSchema>;
export type Condition = z.infer<typeof conditionSchema>;
