// The shape of result.json, schema 2: what the lab writes, what a report is drawn
// from, and what docs/result-schema.md describes. Bytes and milliseconds are
// numbers in base units; null means "not measured" or "never happened", never 0.
// A change that an old reader would misread gets a new schema number.
import { z } from 'zod';
import { ARMS, LINK_KINDS, SCENARIOS } from './scenario.ts';

const stateSchema = z.enum(['valid', 'unknown', 'invalid']);
const armSchema = z.enum(ARMS);
const linkSchema = z.enum(LINK_KINDS);
const bytes = z.number().nonnegative();
const ms = z.number();
const share = z.number();

const rangeSchema = z.strictObject({ median: z.number(), min: z.number(), max: z.number() });

const verdictSchema = z.strictObject({
  state: stateSchema,
  /** Why it is not valid, or what was noticed although it is; most serious first. */
  reasons: z.array(z.string()),
});

const nodeSchema = z.strictObject({
  id: z.string(),
  role: z.enum(['origin', 'receiver']),
  /** Milliseconds after the go; null: never. */
  firstPieceMs: ms.nullable(),
  completedMs: ms.nullable(),
  /** Payload over its link, by its own count. */
  sentBytes: bytes,
  receivedBytes: bytes,
  verifiedBytes: bytes,
  rejectedPieces: z.number().int(),
  /** CPU time up to the go, and from there on. */
  cpuStartMs: ms.nullable(),
  cpuTransferMs: ms.nullable(),
  rssPeakBytes: bytes.nullable(),
  /** The longest delay of its event loop after the go. */
  loopLagMs: ms.nullable(),
  /** How it ended, if that was not the lab's doing. */
  exit: z.strictObject({ code: z.number().nullable(), signal: z.string().nullable() }).nullable(),
  /** Of the received file, hashed again by the lab. */
  file: z.enum(['same', 'different', 'absent']).nullable(),
  lastWords: z.string(),
  /** [ms after the go, verified bytes so far], at most 64 points, first and last kept. */
  progress: z.array(z.tuple([ms, bytes])),
});

const runSchema = z.strictObject({
  id: z.string(),
  scenario: z.enum(SCENARIOS),
  arm: armSchema,
  link: linkSchema,
  receivers: z.number().int().positive(),
  repetition: z.number().int().nonnegative(),
  fileBytes: bytes,
  killCopies: z.number().nullable(),
  /** Wall-clock milliseconds since 1970 at which all receivers were told to go. */
  goAt: ms,
  endedMs: ms,
  fault: z.strictObject({ atMs: ms, sentBytes: bytes }).nullable(),
  /** Last completion; null when a receiver never completed. */
  makespanMs: ms.nullable(),
  boundMs: ms,
  boundName: z.string(),
  /** Bound divided by makespan. */
  efficiency: share.nullable(),
  completed: z.number().int().nonnegative(),
  originCopies: z.number().nonnegative(),
  sentBytes: bytes,
  receivedBytes: bytes,
  /** Received beyond what was needed, as a share of what was verified. */
  duplicateShare: share.nullable(),
  cpuSecondsPerGib: z.number().nullable(),
  foreignCpuShare: share.nullable(),
  nodes: z.array(nodeSchema),
  verdict: verdictSchema,
});

const summarySchema = z.strictObject({
  arm: armSchema,
  receivers: z.number().int(),
  runs: z.number().int(),
  validRuns: z.number().int(),
  makespanMs: rangeSchema.nullable(),
  boundMs: ms,
  boundName: z.string(),
  efficiency: share.nullable(),
  originCopies: rangeSchema.nullable(),
  firstPieceMs: rangeSchema.nullable(),
  cpuSecondsPerGib: rangeSchema.nullable(),
  cpuStartMsPerProcess: rangeSchema.nullable(),
  rssPeakBytes: rangeSchema.nullable(),
  duplicateShare: rangeSchema.nullable(),
});

const comparisonSchema = z.strictObject({
  receivers: z.number().int(),
  pairs: z.number().int(),
  /** Makespan of the server over that of the swarm, run pair by run pair. */
  speedup: rangeSchema.nullable(),
});

const killSchema = z.strictObject({
  arm: armSchema,
  killCopies: z.number(),
  receivers: z.number().int(),
  runs: z.number().int(),
  /** Runs in which it came to that: in the others all were done before so much was sent. */
  killed: z.number().int(),
  /** Of each run, in order. */
  completed: z.array(z.number().int()),
});

const calibrationSchema = z.strictObject({
  arm: armSchema,
  capBytesPerSecond: z.number(),
  achievedBytesPerSecond: z.number().nullable(),
  /** Achieved over cap, from the first verified piece to the last. */
  ratio: share.nullable(),
});

const agreementSchema = z.strictObject({
  arm: armSchema,
  receivers: z.number().int(),
  /** Makespans with links held by the processes, and by the kernel. */
  pacerMs: rangeSchema.nullable(),
  netnsMs: rangeSchema.nullable(),
  /** Median with the kernel's links over median with the processes'. */
  ratio: share.nullable(),
});

const claimSchema = z.strictObject({
  id: z.string(),
  text: z.string(),
  comparison: z.enum(['at least', 'at most']),
  threshold: z.number(),
  value: z.number().nullable(),
  state: z.enum(['holds', 'fails', 'unknown']),
});

const parametersSchema = z.strictObject({
  /** What held the links. */
  link: linkSchema,
  fileName: z.string(),
  fileBytes: bytes,
  pieceLength: z.number().int().positive(),
  /** Payload; null: nothing held it. */
  uplinkBytesPerSecond: z.number().positive().nullable(),
  downlinkBytesPerSecond: z.number().positive().nullable(),
  receivers: z.array(z.number().int().positive()),
  killCopies: z.array(z.number().positive()),
  killReceivers: z.number().int().positive(),
  repetitions: z.number().int().positive(),
  killRepetitions: z.number().int().nonnegative(),
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
});

export const resultSchema = z.strictObject({
  schema: z.literal(2),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  profile: z.string(),
  /** The arguments after `compare`, for running it again. */
  command: z.array(z.string()),
  seed: z.number().int(),
  startedAt: z.string(),
  wallSeconds: z.number(),
  environment: environmentSchema,
  parameters: parametersSchema,
  verdict: verdictSchema,
  claims: z.array(claimSchema),
  /** Empty where nothing held the links. */
  calibration: z.array(calibrationSchema),
  /** Of both kinds of link that hold a rate; empty unless the kernel's were asked for. */
  agreements: z.array(agreementSchema),
  summaries: z.array(summarySchema),
  comparisons: z.array(comparisonSchema),
  kills: z.array(killSchema),
  warnings: z.array(z.string()),
  runs: z.array(runSchema),
});

export type Result = z.infer<typeof resultSchema>;
export type Run = z.infer<typeof runSchema>;
export type RunNode = z.infer<typeof nodeSchema>;
export type Verdict = z.infer<typeof verdictSchema>;
export type Claim = z.infer<typeof claimSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Kill = z.infer<typeof killSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Agreement = z.infer<typeof agreementSchema>;
export type Environment = z.infer<typeof environmentSchema>;
