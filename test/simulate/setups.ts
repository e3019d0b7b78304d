// The setup of a simulation of a few milliseconds, and changes to it.
import type { SimulationSetup } from '../../src/simulate/setup.ts';

/** Bytes per second: 20 Mbit/s. */
export const UP = 2_500_000;
export const PIECE = 64 * 1024;

export const setup = (over: Partial<SimulationSetup> = {}): SimulationSetup => ({
  fileBytes: 32 * PIECE,
  pieceLength: PIECE,
  receivers: 6,
  originUplink: UP,
  classes: [{ uplink: UP, downlink: 5 * UP }],
  latencyMs: { least: 5, most: 5 },
  line: null,
  degree: 6,
  turns: null,
  picker: 'rarest',
  choker: 'cooperative',
  seed: 1,
  staggerMs: 0,
  lingerMs: null,
  lifetime: null,
  kill: null,
  freeRiders: 0,
  poisoners: 0,
  limitMs: 3_600_000,
  ...over,
});
