// Seeded pseudo-randomness (sfc32, by Chris Doty-Humphrey, from PractRand):
// fast, and the same on every machine, so that a run can be replayed.

export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, limit). */
  below(limit: number): number;
}

export function createRng(seed: number): Rng {
  let a = seed | 0;
  let b = (seed / 0x1_0000_0000) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const step = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  // The first outputs still show the seed's structure.
  for (let i = 0; i < 15; i++) step();
  return {
    next: () => step() / 0x1_0000_0000,
    below: (limit) => Math.floor((step() / 0x1_0000_0000) * limit),
  };
}

/** Fisher-Yates, in place. */
export function shuffle<T extends { length: number; [index: number]: number }>(
  items: T,
  rng: Rng,
): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
  return items;
}
