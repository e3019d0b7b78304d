// A model of what swarms cost on a machine, and how long runs take there. What one small swarm
// costs here is measured (survey.ts); how that grows with peers, bytes and time was measured
// once, on two cores of a virtual machine with Node.js 20, and is scaled by it.
import { choosePieceLength } from '../../content/piece-length.ts';
import { boundOf } from '../analysis/bound.ts';
import type { Architecture } from '../terms/scenario.ts';
import { DEFAULTS } from '../terms/setting.ts';

const MIB = 2 ** 20;

/** What the survey found: CPU time of a peer's start, and of all peers of its swarm after the go. */
export interface Cost {
  readonly startCpuMs: number;
  readonly swarmCpuMs: number;
}

/** The swarm of the survey: half a second a copy. */
export const SURVEY = { receivers: 4, fileBytes: 256 * 1024, uplinkBytesPerSecond: 512 * 1024 };

/** Cost on the machine on which the constants below were measured. */
const REFERENCE: Cost = { startCpuMs: 170, swarmCpuMs: 850 };

/** CPU milliseconds of a swarm after its go, where {@link REFERENCE} was measured. */
const CPU_MS = {
  /** CPU milliseconds of each process for compiling and its first steps. */
  process: 80,
  /** ... and for each receiver that there is: connections, handshakes, messages. */
  neighbour: 22,
  /** CPU milliseconds of each process in each second. */
  second: 22,
  /** CPU milliseconds of each MiB that one receiver gets, both sides together. */
  mebibyte: 40,
} as const;

/** Seconds beside CPU time for a process to start and for all to end. */
const START_SECONDS = 0.3;
const END_SECONDS = 0.25;
/** A client and a hub start with less than a peer. */
const CLIENT_START = 0.6;
/** Share of connecting that the first pieces do not overlap with; measured. */
const JOIN_SHARE = 0.4;

export class Machine {
  readonly #cores: number;
  readonly #startSeconds: number;
  /** How many times the reference's CPU time a swarm takes. */
  readonly #slowness: number;

  constructor({ startCpuMs, swarmCpuMs }: Cost, cores: number) {
    this.#cores = cores;
    this.#startSeconds = startCpuMs / 1000;
    this.#slowness = swarmCpuMs / REFERENCE.swarmCpuMs;
  }

  /** Share of the cores while a swarm transfers. */
  cpuShare(receivers: number, fileBytes: number, copySeconds: number): number {
    const seconds = this.#transferSeconds('swarm', receivers, fileBytes, copySeconds);
    const cpu = this.#fixedCpu(receivers, fileBytes) + this.#cpuPerSecond(receivers) * seconds;
    return cpu / (this.#cores * seconds);
  }

  /** Seconds of a whole run, start and end included. */
  seconds(arm: Architecture, receivers: number, fileBytes: number, copySeconds: number): number {
    return (
      this.startSeconds(arm, receivers) +
      this.#transferSeconds(arm, receivers, fileBytes, copySeconds)
    );
  }

  startSeconds(arm: Architecture, receivers: number): number {
    const each = arm === 'server' ? CLIENT_START : 1;
    const cpu = (receivers + 1) * this.#startSeconds * each;
    return START_SECONDS + cpu / this.#cores + END_SECONDS;
  }

  #transferSeconds(
    arm: Architecture,
    receivers: number,
    fileBytes: number,
    copySeconds: number,
  ): number {
    if (arm === 'server') return receivers * copySeconds;
    const setting = {
      ...DEFAULTS,
      receivers,
      fileBytes,
      pieceLength: choosePieceLength(fileBytes),
    };
    const uplinkBytesPerSecond = fileBytes / copySeconds;
    const { seconds } = boundOf({ ...setting, uplinkBytesPerSecond }, 'swarm');
    return seconds + (JOIN_SHARE * this.#joinCpu(receivers)) / this.#cores;
  }

  #joinCpu(receivers: number): number {
    const each = CPU_MS.process + CPU_MS.neighbour * receivers;
    return ((receivers + 1) * each * this.#slowness) / 1000;
  }

  #fixedCpu(receivers: number, fileBytes: number): number {
    const bytes = (receivers * fileBytes * CPU_MS.mebibyte * this.#slowness) / MIB / 1000;
    return this.#joinCpu(receivers) + bytes;
  }

  #cpuPerSecond(receivers: number): number {
    return ((receivers + 1) * CPU_MS.second * this.#slowness) / 1000;
  }
}
