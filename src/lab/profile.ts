// The two sizes of a comparison. Rates are far below what two cores can move, so
// that links and not the CPU decide: 9 peers at 4 MiB/s move 32 MiB/s in all, at a
// measured 20-30 ms of CPU for each MiB on both sides.
import { choosePieceLength } from '../content/piece-length.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { LinkKind, Parameters } from './scenario.ts';

const MIB = 2 ** 20;

export interface Profile {
  readonly name: 'quick' | 'full';
  readonly fileBytes: number;
  readonly uplinkBytesPerSecond: number;
  readonly receivers: readonly number[];
  readonly killCopies: readonly number[];
  readonly killReceivers: number;
  readonly repetitions: number;
  readonly killRepetitions: number;
  /** Repetitions past the first two are dropped when they would not end within it. */
  readonly budgetMs: number;
}

/**
 * One copy takes a second, so 2 + 4 + 8 copies of the server take 14 s a repetition,
 * and all of it about 80 s on two cores. With eight receivers the origin of the swarm
 * is still there at 1.25 copies; with fewer all are done before it has sent so much.
 */
export const QUICK: Profile = {
  name: 'quick',
  fileBytes: 4 * MIB,
  uplinkBytesPerSecond: 4 * MIB,
  receivers: [2, 4, 8],
  killCopies: [0.5, 1.25, 2],
  killReceivers: 8,
  repetitions: 3,
  killRepetitions: 1,
  budgetMs: 75_000,
};

/** Half the rate, so that 16 peers move no more than 8 do in the quick one. */
export const FULL: Profile = {
  name: 'full',
  fileBytes: 8 * MIB,
  uplinkBytesPerSecond: 2 * MIB,
  receivers: [1, 2, 4, 8, 16],
  killCopies: [0.25, 0.5, 0.75, 0.9, 1, 1.05, 1.1, 1.25, 1.5, 2, 3],
  killReceivers: 8,
  repetitions: 5,
  killRepetitions: 3,
  budgetMs: 40 * 60_000,
};

/** Receivers have five times what they may send: an ordinary home line. */
const DOWNLINK_FACTOR = 5;

export interface Overrides {
  readonly link?: LinkKind | undefined;
  readonly file?: { readonly name: string; readonly bytes: number };
  readonly fileBytes?: number | undefined;
  readonly receivers?: readonly number[] | undefined;
  readonly killCopies?: readonly number[] | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  readonly repetitions?: number | undefined;
}

export function parametersOf(profile: Profile, given: Overrides): Parameters {
  const link = given.link ?? 'pacer';
  const fileBytes = given.file?.bytes ?? given.fileBytes ?? profile.fileBytes;
  const uplink = given.uplinkBytesPerSecond ?? profile.uplinkBytesPerSecond;
  const receivers = [...new Set(given.receivers ?? profile.receivers)].sort((a, b) => a - b);
  // Where nothing holds the links all is sent before a count of it is heard.
  const usualKills = link === 'none' ? [] : profile.killCopies;
  const killCopies = [...new Set(given.killCopies ?? usualKills)].sort((a, b) => a - b);
  const killReceivers = Math.min(profile.killReceivers, Math.max(...receivers));
  const tooLate = killCopies.find((copies) => copies >= killReceivers);
  if (tooLate !== undefined && given.killCopies) {
    throw new HubswarmError(
      'ERR_USAGE',
      `--kills: ${tooLate} is not accepted; with ${killReceivers} receivers give copies below ${killReceivers}`,
    );
  }
  return {
    link,
    fileName: given.file?.name ?? 'sample.bin',
    fileBytes,
    pieceLength: choosePieceLength(fileBytes),
    uplinkBytesPerSecond: link === 'none' ? null : uplink,
    downlinkBytesPerSecond:
      link === 'none' ? null : (given.downlinkBytesPerSecond ?? uplink * DOWNLINK_FACTOR),
    receivers,
    // A server that has sent a copy to everybody has nothing left to be killed for.
    killCopies: killCopies.filter((copies) => copies < killReceivers),
    killReceivers,
    repetitions: given.repetitions ?? profile.repetitions,
    killRepetitions: profile.killRepetitions,
  };
}
