// The setup of a simulation, as data. A result repeats it, and the same setup gives the same
// run. Bytes, bytes per second and milliseconds of the virtual clock throughout.
import type { ChokerName } from '../exchange/choker.ts';
import type { PickerName } from '../exchange/picker.ts';

/** The links of one class of receivers, in bytes per second. */
export interface LinkClass {
  readonly uplink: number;
  readonly downlink: number;
}

export interface SimulationSetup {
  readonly fileBytes: number;
  readonly pieceLength: number;
  readonly receivers: number;
  /** Bytes per second. */
  readonly originUplink: number;
  /** Dealt to the receivers in turn. */
  readonly classes: readonly LinkClass[];
  /** One way, of each stream; drawn evenly when the two differ. */
  readonly latencyMs: { readonly least: number; readonly most: number };
  /**
   * Null: links that carry blocks at their rates and no more. Else access lines with buffers of
   * so many milliseconds, and TCP over them; `told` says whether each peer knows its uplink's rate.
   */
  readonly line: { readonly bufferMs: number; readonly told: boolean } | null;
  /** Neighbours that a receiver calls for, the origin among them; null for everybody. */
  readonly degree: number | null;
  /** Grants of its uplink that a peer keeps open; null when it measures. */
  readonly turns: number | null;
  /** The policies: which piece a peer requests, and which neighbour gets a grant. */
  readonly picker: PickerName;
  readonly choker: ChokerName;
  readonly seed: number;
  /** Each receiver joins so long after the one before. */
  readonly staggerMs: number;
  /** A receiver leaves so long after it is complete (see exchange/parting.ts); null: it stays. */
  readonly lingerMs: number | null;
  /**
   * Receivers vanish after lifetimes that are exponentially distributed with this mean: all
   * of them by the clock, or every second one by the share of the file that it has, which
   * is the same moment of a distribution at any rate. Null for never.
   */
  readonly lifetime: { readonly meanMs: number } | { readonly meanShare: number } | null;
  /**
   * The origin dies when it has sent so many copies, when every piece is with some receiver,
   * or at that time; null for never.
   */
  readonly kill:
    | { readonly copies: number }
    | { readonly firstCopy: true }
    | { readonly ms: number }
    | null;
  /** The last so many of the receivers take and never give. */
  readonly freeRiders: number;
  /** Peers beside the receivers that send wrong bytes in every piece. */
  readonly poisoners: number;
  /** The run ends then, whoever is not complete. */
  readonly limitMs: number;
}
