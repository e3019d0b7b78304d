// The least number of rounds in which every receiver has every piece, by trying every
// schedule. In a round each node sends pieces that it held when the round began.

interface Rounds {
  /** Pieces a round: the origin's, which has the file, then each receiver's. */
  readonly sends: readonly [number, ...number[]];
  readonly pieces: number;
  /** Pieces a round that a receiver takes. */
  readonly takes: 'one' | 'any';
}

export function leastRounds(rounds: Rounds): number {
  const full = (1 << rounds.pieces) - 1;
  const [, ...receivers] = rounds.sends;
  // Two receivers that send alike can change places.
  const key = (held: readonly number[]): string =>
    held
      .map((pieces, i) => `${receivers[i]}:${pieces}`)
      .sort()
      .join();
  const nothing = receivers.map(() => 0);
  const seen = new Set([key(nothing)]);
  let states = [nothing];
  for (let round = 1; states.length > 0; round++) {
    const next: number[][] = [];
    for (const state of states) {
      for (const after of outcomes(state, full, rounds)) {
        if (after.every((held) => held === full)) return round;
        if (seen.has(key(after))) continue;
        seen.add(key(after));
        next.push(after);
      }
    }
    states = next;
  }
  return Number.POSITIVE_INFINITY;
}

/** Everything that can be true after a round, node by node and sending by sending. */
function outcomes(state: readonly number[], full: number, { sends, takes }: Rounds): number[][] {
  let found = new Map<string, number[]>([[state.join(), [...state]]]);
  const senders = [full, ...state].flatMap((held, i) => new Array<number>(sends[i]!).fill(held));
  for (const held of senders) {
    const grown = new Map(found);
    for (const after of found.values()) {
      for (let to = 0; to < state.length; to++) {
        if (takes === 'one' && after[to] !== state[to]) continue;
        for (let piece = 1; piece <= full; piece <<= 1) {
          if (!(held & piece) || after[to]! & piece) continue;
          const sent = after.with(to, after[to]! | piece);
          grown.set(sent.join(), sent);
        }
      }
    }
    found = grown;
  }
  return [...found.values()];
}
