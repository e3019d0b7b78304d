// The end of a reservation as it travels: seconds of Unix time, so the wall clocks of both ends count.

export const expiryIn = (ms: number): number => Math.round((Date.now() + ms) / 1000);

/** Milliseconds until then. */
export const untilExpiry = (seconds: number): number => seconds * 1000 - Date.now();
