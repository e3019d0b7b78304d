import type { Geometry } from '../content/geometry.ts';

/** What may be on its way to us at once, unless the downlink is slower than that. */
const IN_FLIGHT_LIMIT = 32 * 2 ** 20;
/** A slow downlink is kept busy by what it takes in this time. */
const DOWNLINK_MS = 500;

/** Bytes that may be asked for at once. */
export function inFlightLimit(downlinkBytesPerSecond: number, geometry: Geometry): number {
  const busy = (downlinkBytesPerSecond * DOWNLINK_MS) / 1000;
  return Math.max(Math.min(IN_FLIGHT_LIMIT, busy), 2 * geometry.maxLength);
}
