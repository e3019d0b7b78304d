// Figures as people read them, the same in the terminal and in the report.
const MIB = 2 ** 20;

export const secondsText = (ms: number): string => (ms / 1000).toFixed(2);
/** `-` where no link limits, so that there is no bound. */
export const boundText = (ms: number): string => (ms > 0 ? secondsText(ms) : '-');
export const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const timesText = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 1 : 0)}x`;
export const mibText = (bytes: number): string => {
  const mib = bytes / MIB;
  return `${mib >= 10 || Number.isInteger(mib) ? mib.toFixed(0) : mib.toFixed(2)} MiB`;
};
export const rateText = (bytesPerSecond: number): string =>
  `${(bytesPerSecond / MIB).toFixed(2)} MiB/s`;
