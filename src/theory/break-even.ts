// Where does a swarm lose? Its processes take longer to begin (identities, handshakes,
// discovery), so that for few receivers or a small file a server is done before. Both
// arms are predicted as what starting costs them plus what their links allow at best:
//
//   T(N, F) = fixed + N (CPU seconds of one receiver's start) / cores + bound(N, F)
//
// and F*(N) is the file from which on the swarm is first. The model is this lab's own;
// the bounds are those of bounds.ts. It holds where links limit the transfer: CPU time
// for every byte, which also speaks against the swarm, is left out.
import { serverBound, swarmBound, type Uplinks } from './bounds.ts';

/** Rates of one receiver, the same for all, since N varies. */
type Links = Record<'originUplink' | 'receiverUplink' | 'downlink', number>;

interface StartUp {
  /** Time from the start to the first piece on its way, however many take part. */
  readonly fixedSeconds: number;
  readonly cpuSecondsPerReceiver: number;
}

export interface Contest {
  readonly server: StartUp;
  readonly swarm: StartUp;
  /** Cores that all processes share; infinite if each has a machine of its own. */
  readonly cores: number;
  readonly links: Links;
  /** A file that is shorter is one piece. */
  readonly pieceLength: number;
}

interface Prediction {
  readonly server: number;
  readonly swarm: number;
}

const startSeconds = (
  { fixedSeconds, cpuSecondsPerReceiver }: StartUp,
  receivers: number,
  cores: number,
): number => fixedSeconds + (receivers * cpuSecondsPerReceiver) / cores;

export function predictedSeconds(
  { server, swarm, cores, links, pieceLength }: Contest,
  receivers: number,
  fileBytes: number,
): Prediction {
  const all: Uplinks = { ...links, fileBytes, receivers };
  const pieces = Math.max(1, Math.ceil(fileBytes / pieceLength));
  return {
    server: startSeconds(server, receivers, cores) + serverBound(all).seconds,
    swarm: startSeconds(swarm, receivers, cores) + swarmBound(all, pieces).seconds,
  };
}

/** Larger files are not searched: nobody waits for a pebibyte. */
const MOST_BYTES = 2 ** 50;
/** Relative difference below which two times are equal but for rounding. */
const DRAW = 1e-12;

/**
 * F*(N), to a byte: 0 if the swarm is always first, infinite if it never is. By halving,
 * as the server's bound never grows slower with the file than the swarm's: once ahead, the
 * swarm stays ahead.
 */
export function breakEvenBytes(contest: Contest, receivers: number): number {
  const swarmWins = (fileBytes: number): boolean => {
    const { server, swarm } = predictedSeconds(contest, receivers, fileBytes);
    return swarm < server * (1 - DRAW);
  };
  if (swarmWins(0)) return 0;
  let low = 0;
  let high = 1;
  while (!swarmWins(high)) {
    if (high >= MOST_BYTES) return Number.POSITIVE_INFINITY;
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (swarmWins(middle)) high = middle;
    else low = middle;
  }
  return high;
}
