// The shape of result.json, schema 3: what the lab writes, what a report is drawn
// from, and what docs/result-schema.md describes. Bytes and milliseconds are
// numbers in base units; null means "not measured" or "never happened", never 0.
// A change that an old reader would misread gets a new schema number.
import { z } from 'zod';
import { METRIC_NAMES } from './metric.ts';
import { CONTESTANTS } from './scenario.ts';
import { storedScenarioSchema, storedSettingSchema } from './stored.ts';
import { ROLES } from './trace.ts';

const stateSchema = z.enum(['valid', 'unknown', 'invalid']);
const bytes = z.number().nonnegative();
const ms = z.number();
const share = z.number();
const metric = z.enum(METRIC_NAMES);
const pointSchema = z.record(z.string(), z.union([z.string(), z.number()]));

/**
 * Summary of a few runs. Null: the median run never got there, and counts as later than all others.
 */
const summarySchema = z.strictObject({
  runs: z.number().int(),
  /** Runs without a figure, because it never happened. */
  censored: z.number().int(),
  median: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  /** 95 %, bootstrap; null below five runs. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  /** Ids of runs far from the others; they count like all. */
  outliers: z.array(z.string()),
});

const verdictSchema = z.strictObject({
  state: stateSchema,
  /** Why it is not valid, or what was noticed although it is; most serious first. */
  reasons: z.array(z.string()),
});

const nodeSchema = z.strictObject({
  id: z.string(),
  role: z.enum(ROLES),
  /** Payload; null: nothing held it. */
  uplinkBytesPerSecond: z.number().positive().nullable(),
  downlinkBytesPerSecond: z.number().positive().nullable(),
  /** Milliseconds after the run's go; goMs is its own. Null: never. */
  goMs: ms.nullable(),
  firstPieceMs: ms.nullable(),
  completedMs: ms.nullable(),
  /** Killed, cut off or stopped by the script, and never brought back. */
  removed: z.boolean(),
  /** 1, and one more for each restart. */
  lives: z.number().int().positive(),
  /** Payload over its link, by its own count. */
  sentBytes: bytes,
  receivedBytes: bytes,
  verifiedBytes: bytes,
  /** Kept from an earlier life. */
  resumedBytes: bytes,
  refusedPieces: z.number().int(),
  /** CPU time up to the go, and from there on. */
  cpuStartMs: ms.nullable(),
  cpuTransferMs: ms.nullable(),
  rssPeakBytes: bytes.nullable(),
  /** The longest delay of its event loop after the go. */
  loopLagMs: ms.nullable(),
  wire: z.strictObject({ sentBytes: bytes, receivedBytes: bytes }).nullable(),
  /** How it ended, if that was not the lab's doing. */
  exit: z.strictObject({ code: z.number().nullable(), signal: z.string().nullable() }).nullable(),
  /** The received file, hashed again by the lab; null for a node that receives none. */
  file: z.enum(['same', 'different', 'absent']).nullable(),
  lastWords: z.string(),
  /** [ms after the go, verified bytes so far], at most 64 points, first and last kept. */
  progress: z.array(z.tuple([ms, bytes])),
  /** The same of what it sent. */
  sending: z.array(z.tuple([ms, bytes])),
});

const runSchema = z.strictObject({
  id: z.string(),
  scenario: z.string(),
  arm: z.string(),
  architecture: z.enum(CONTESTANTS),
  point: pointSchema,
  repetition: z.number().int().nonnegative(),
  seed: z.number().int(),
  setting: storedSettingSchema,
  /** Wall-clock milliseconds since 1970 at which the receivers were told to go. */
  goAt: ms,
  endedMs: ms,
  faults: z.array(
    z.strictObject({
      text: z.string(),
      do: z.string(),
      node: z.string().nullable(),
      atMs: ms,
      /** Copies that the origin had sent by then. */
      originCopies: z.number().nonnegative(),
    }),
  ),
  /** Steps of the script whose moment never came. */
  unmetFaults: z.array(z.string()),
  /** What theory allows at best; 0 where it has no word. */
  boundMs: ms,
  boundName: z.string(),
  sentBytes: bytes,
  receivedBytes: bytes,
  foreignCpuShare: share.nullable(),
  metrics: z.partialRecord(metric, z.number().nullable()),
  nodes: z.array(nodeSchema),
  verdict: verdictSchema,
});

/** One arm at one point of a sweep. */
const cellSchema = z.strictObject({
  arm: z.string(),
  point: pointSchema,
  runs: z.number().int(),
  validRuns: z.number().int(),
  /** Runs in which every step of the script came to its moment. */
  scriptedRuns: z.number().int(),
  boundMs: ms,
  boundName: z.string(),
  metrics: z.partialRecord(metric, summarySchema),
});

/** Ratio of makespans, run pair by run pair: how many times as long `arm` took as `against`. */
const comparisonSchema = z.strictObject({
  arm: z.string(),
  against: z.string(),
  point: pointSchema,
  pairs: z.number().int(),
  ratio: z
    .strictObject({
      median: z.number(),
      min: z.number(),
      max: z.number(),
      /** 95 %, bootstrap over pairs; null below five pairs. */
      interval: z.tuple([z.number(), z.number()]).nullable(),
    })
    .nullable(),
});

const judgedClaimSchema = z.strictObject({
  scenario: z.string(),
  id: z.string(),
  text: z.string(),
  comparison: z.enum(['at least', 'at most', 'within']),
  threshold: z.number(),
  value: z.number().nullable(),
  /** The point that decided. */
  point: pointSchema.nullable(),
  state: z.enum(['holds', 'fails', 'unknown']),
});

const scenarioResultSchema = z.strictObject({
  scenario: storedScenarioSchema,
  /** Why it was not run; null when it was. */
  skipped: z.string().nullable(),
  cells: z.array(cellSchema),
  comparisons: z.array(comparisonSchema),
});

/** A run looked at from near: drawn from its raw events. */
const exhibitSchema = z.strictObject({
  run: z.string(),
  /** Length of a step of the series below, from the go on. */
  stepMs: ms,
  pieces: z.number().int(),
  /**
   * How many nodes that are there have a piece, step by step; pieces stand in at most 64
   * groups, for each the scarcest counts. Empty for a server.
   */
  copies: z.array(z.array(z.number().int())),
  /** Payload sent in each step, and what the uplinks could have sent, by role. */
  uplinks: z.array(
    z.strictObject({
      role: z.enum(ROLES),
      sentBytes: z.array(bytes),
      couldBytes: z.array(bytes).nullable(),
    }),
  ),
  /** Bytes verified by all receivers in each step. */
  verifiedBytes: z.array(bytes),
});

/** One simulated run: the swarm with links alone, at the setting of runs that were made. */
const simulatedPointSchema = z.strictObject({
  scenario: z.string(),
  arm: z.string(),
  /** The point of the runs; where receivers are swept, with the simulated number. */
  point: pointSchema,
  receivers: z.number().int(),
  fileBytes: bytes,
  pieceLength: z.number().int(),
  uplinkBytesPerSecond: z.number().positive(),
  /** Completed over started. */
  reach: share,
  /** Null where somebody never completed. */
  makespanMs: ms.nullable(),
  /** When some receiver had a first piece. */
  firstPieceMs: ms.nullable(),
  boundMs: ms,
  originCopies: z.number(),
  /** What the simulation itself took. */
  wallMs: ms,
});

/** Medians of runs of one arm at one point, against their simulation at the same N. */
const validationSchema = z.strictObject({
  scenario: z.string(),
  arm: z.string(),
  point: pointSchema,
  receivers: z.number().int(),
  runs: z.number().int(),
  realMs: ms.nullable(),
  simulatedMs: ms.nullable(),
  /** Real over simulated makespan. */
  ratio: z.number().nullable(),
  /** How much later than simulated the first piece was with somebody: booting and connecting. */
  startMs: ms.nullable(),
  /** Real over simulated time from the first piece to the last. */
  transferRatio: z.number().nullable(),
  realReach: share,
  simulatedReach: share,
});

const spread = z.strictObject({ median: z.number(), min: z.number(), max: z.number() });

export const simulatedSchema = z.strictObject({
  points: z.array(simulatedPointSchema),
  validation: z.array(validationSchema),
  /**
   * Error of the model where swarms of at most 16 receivers were measured too, for scenarios that
   * are simulated `growing`.
   */
  error: z
    .strictObject({ receivers: z.number().int(), ratio: spread, startMs: spread, transfer: spread })
    .nullable(),
  /** What was not simulated and why; what failed. */
  notes: z.array(z.string()),
});

const environmentSchema = z.strictObject({
  node: z.string(),
  platform: z.string(),
  cpuModel: z.string(),
  cores: z.number().int(),
  memoryBytes: bytes,
  loadAverage: z.array(z.number()),
  /** Cores that other programs keep busy before the first run, as a share of all. */
  foreignCpuShareBefore: share.nullable(),
  /** What the kernel lacks for links of its own, or may not do for this user. */
  network: z.array(z.string()),
});

/** Why a quick comparison is the one it is. */
const choiceSchema = z.strictObject({
  /** What was chosen and why, as a sentence. */
  text: z.string(),
  /** CPU cores: all; those this process may use; the least quota; kept busy by others; left. */
  cores: z.strictObject({
    present: z.number(),
    affinity: z.number(),
    quota: z.number().nullable(),
    foreign: z.number().nullable(),
    free: z.number(),
  }),
  /** Measured beforehand: CPU of a peer's start; of all five processes of a swarm after its go. */
  cost: z.strictObject({ startCpuMs: ms, swarmCpuMs: ms }),
  /** `simulated`: too little CPU for a swarm of processes. */
  swarm: z.enum(['measured', 'simulated']),
  /**
   * By the model: share of the free cores while the largest swarm transfers; seconds of the whole.
   */
  cpuShare: share,
  seconds: z.number(),
});

export const resultSchema = z.strictObject({
  schema: z.literal(3),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  profile: z.string(),
  /** The arguments after `compare`, for running it again. */
  command: z.array(z.string()),
  seed: z.number().int(),
  fileName: z.string(),
  startedAt: z.string(),
  /** Sum of all sittings, if it was interrupted and resumed. */
  wallSeconds: z.number(),
  /** Planned runs that were wanted for sure and are not there. */
  missing: z.number().int(),
  environment: environmentSchema,
  /** Null: nothing was chosen, but given, or as the profile has it. */
  choice: choiceSchema.nullable().default(null),
  /** What scenarios leave open. */
  base: storedSettingSchema,
  verdict: verdictSchema,
  claims: z.array(judgedClaimSchema),
  scenarios: z.array(scenarioResultSchema),
  exhibits: z.array(exhibitSchema),
  simulated: simulatedSchema.nullable(),
  warnings: z.array(z.string()),
  runs: z.array(runSchema),
});

export type Result = z.infer<typeof resultSchema>;
export type Run = z.infer<typeof runSchema>;
export type RunNode = z.infer<typeof nodeSchema>;
export type Verdict = z.infer<typeof verdictSchema>;
export type Claim = z.infer<typeof judgedClaimSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Cell = z.infer<typeof cellSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type ScenarioResult = z.infer<typeof scenarioResultSchema>;
export type Exhibit = z.infer<typeof exhibitSchema>;
export type Simulated = z.infer<typeof simulatedSchema>;
export type Choice = z.infer<typeof choiceSchema>;
export type Environment = z.infer<typeof environmentSchema>;
