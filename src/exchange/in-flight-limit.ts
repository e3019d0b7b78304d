import type { Geometry } from '../content/geometry.ts';

/** Most bytes under way to us at once; less if the downlink is slow. */
const IN_FLIGHT_LIMIT = 32 * 2 ** 20;
/** With a slow downlink: as many bytes as it takes in this time keep it busy. */
const DOWNLINK_MS = 500;

/** Bytes that may be asked for at once, of all neighbours together. */
export function inFlightLimit(downlinkBytesPerSecond: number, geometry: Geometry): number {
  const busy = (downlinkBytesPerSecond * DOWNLINK_MS) / 1000;
  return Math.max(Math.min(IN_FLIGHT_LIMIT, busy), 2 * geometry.maxLength);
}
