// What is to be measured, as data: an arm is a way to hand a file out, a run is
// one distribution with fresh processes, identities and directories. Scenarios say
// which runs; schedule.ts says in which order; nothing here knows a process.

export const ARMS = ['server', 'swarm'] as const;
export type ArmName = (typeof ARMS)[number];

export const SCENARIOS = ['warm-up', 'calibration', 'scaling', 'kill', 'agreement'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/**
 * What holds a node's link: its own process (pacer), the kernel between namespaces
 * (netns), or nothing.
 */
export const LINK_KINDS = ['pacer', 'netns', 'none'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** Of payload, for every node. */
export interface LinkRates {
  readonly uplinkBytesPerSecond: number;
  readonly downlinkBytesPerSecond: number;
}

/** One cell of a scenario, measured once in each arm for every repetition. */
export interface Cell {
  readonly scenario: ScenarioName;
  readonly receivers: number;
  /** The origin is killed with SIGKILL when it has sent that many copies; null: never. */
  readonly killCopies: number | null;
}

export interface PlannedRun extends Cell {
  readonly id: string;
  readonly arm: ArmName;
  readonly link: LinkKind;
  /** From 0, within its cell and arm. */
  readonly repetition: number;
}

/** What holds for every run of a comparison. */
export interface Parameters {
  /** Of every run, but those that check one kind against another. */
  readonly link: LinkKind;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly pieceLength: number;
  /** Null: nothing holds it. */
  readonly uplinkBytesPerSecond: number | null;
  readonly downlinkBytesPerSecond: number | null;
  readonly receivers: readonly number[];
  readonly killCopies: readonly number[];
  /** How many receivers the runs with a killed origin have. */
  readonly killReceivers: number;
  readonly repetitions: number;
  readonly killRepetitions: number;
}

/** With what nothing holds infinitely fast, as theory has it. */
export const ratesOf = (parameters: Parameters): LinkRates => ({
  uplinkBytesPerSecond: parameters.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
  downlinkBytesPerSecond: parameters.downlinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
});

export const pieceCount = ({ fileBytes, pieceLength }: Parameters): number =>
  Math.ceil(fileBytes / pieceLength);
