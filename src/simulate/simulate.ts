// Runs a simulation to its end, in slices, so that the process can be stopped meanwhile.
import { platform } from '#platform';
import type { SessionInit } from '../exchange/session-init.ts';
import { type SimulationResult, summarize } from './result.ts';
import type { SimulationSetup } from './setup.ts';
import { Simulation } from './simulation.ts';

/** Some 10 ms of work. */
const SLICE_EVENTS = 4096;

export interface SimulateOptions {
  /** Options of every honest session beyond the setup: policies under study. */
  readonly session?: Partial<SessionInit>;
  readonly signal?: AbortSignal;
  /** After each slice: bytes that the receivers have, of what they want all together. */
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** @throws the signal's reason when it aborts */
export async function simulate(
  setup: SimulationSetup,
  { session, signal, onProgress }: SimulateOptions = {},
): Promise<SimulationResult> {
  const simulation = new Simulation(setup, session);
  const { swarm, receivers } = simulation;
  while (simulation.advance(SLICE_EVENTS)) {
    onProgress?.(swarm.storedBytes, receivers.length * setup.fileBytes);
    await new Promise<void>((resolve) => platform.soon('simulating', resolve));
    signal?.throwIfAborted();
  }
  return summarize(simulation);
}
