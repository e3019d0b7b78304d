// How a swarm fares while peers come and go, as flows of x(t) leechers and y(t) seeds:
//
//   d  = min{c x, mu (eta x + y + s)}   completions a second
//   x' = lambda - theta x - d
//   y' = d - gamma y
//
// Source: D. Qiu, R. Srikant, "Modeling and Performance Analysis of BitTorrent-Like
// Peer-to-Peer Networks", SIGCOMM 2004, section 2 (model and steady state). The s seeds
// that never leave are added here, since the lab's origin is one; the paper has s = 0.
// Checked in the tests: the flow runs into the paper's steady state from few and from
// many, equals what can be solved by hand, and nobody is lost or counted twice.
//
// Limits of the model: a fluid has no memory of how much of the file a leecher has, so
// that of a crowd that starts together some complete at once and a tail is late, where
// real ones complete nearly together. It speaks of turnover, not of one flash crowd.
import { invariant } from '../runtime/invariant.ts';

/** Rates are per second; of a link, in files per second. */
export interface ChurnRates {
  /** lambda: leechers that arrive. */
  readonly arrivals: number;
  /** theta: of each leecher, giving up. */
  readonly aborts: number;
  /** mu: of each peer's uplink. */
  readonly uplink: number;
  /** c: of each peer's downlink; may be infinite. */
  readonly downlink: number;
  /** eta in [0, 1]: how well leechers use their uplinks; about 1 with enough pieces. */
  readonly effectiveness: number;
  /** gamma: of each seed, leaving; infinite for those that leave when they complete. */
  readonly departures: number;
  /** s. */
  readonly permanentSeeds: number;
}

export interface ChurnPoint {
  readonly seconds: number;
  readonly leechers: number;
  /** Seeds besides the permanent ones. */
  readonly seeds: number;
  /** Since the start, as are the next three. */
  readonly arrived: number;
  readonly completed: number;
  readonly aborted: number;
  readonly departed: number;
}

export interface SteadyState {
  readonly leechers: number;
  readonly seeds: number;
  /** Time of a leecher from its arrival, seconds: 1 / (theta + beta). */
  readonly downloadSeconds: number;
}

/** A step is at most this part of the fastest rate's time: errors beyond it are not seen in a figure. */
const STEP = 0.05;

/** A download in less than this part of all the time looked at is as good as in none. */
const INSTANT = 0.001;

/** Leechers, seeds, arrived, completed, aborted, departed. */
type Flow = readonly [number, number, number, number, number, number];

function derivative(rates: ChurnRates, [leechers, seeds]: Flow): Flow {
  const { arrivals, aborts, uplink, downlink, effectiveness, departures } = rates;
  const uploads = uplink * (effectiveness * leechers + seeds + rates.permanentSeeds);
  const completions = Math.min(downlink * leechers, uploads);
  const givingUp = aborts * leechers;
  // At an infinite rate a seed is gone at once, and no flow is left to integrate.
  const leaving = departures === Number.POSITIVE_INFINITY ? completions : departures * seeds;
  return [
    arrivals - givingUp - completions,
    completions - leaving,
    arrivals,
    completions,
    givingUp,
    leaving,
  ];
}

const moved = (flow: Flow, by: Flow, times: number): Flow =>
  flow.map((value, i) => value + times * by[i]!) as unknown as Flow;

/** One step of the classical fourth-order method of W. Kutta (1901). */
function rungeKutta(rates: ChurnRates, flow: Flow, seconds: number): Flow {
  const first = derivative(rates, flow);
  const second = derivative(rates, moved(flow, first, seconds / 2));
  const third = derivative(rates, moved(flow, second, seconds / 2));
  const fourth = derivative(rates, moved(flow, third, seconds));
  return moved(
    moved(moved(moved(flow, first, seconds / 6), second, seconds / 3), third, seconds / 3),
    fourth,
    seconds / 6,
  );
}

function stepSeconds(rates: ChurnRates): number {
  const { aborts, uplink, downlink, departures } = rates;
  return STEP / Math.max(...[aborts, uplink, downlink, departures].filter(Number.isFinite));
}

/**
 * The flow at each of the given times, which ascend. A flash crowd is `leechers` at the
 * start and no arrivals.
 */
export function churnFlow(
  rates: ChurnRates,
  start: { readonly leechers: number; readonly seeds: number },
  atSeconds: readonly number[],
): ChurnPoint[] {
  invariant(rates.downlink > 0 && rates.uplink > 0, 'a swarm has links');
  const slowestInstant = 1 / (INSTANT * (atSeconds.at(-1) ?? 0));
  const given = { ...rates, downlink: Math.min(rates.downlink, slowestInstant) };
  const longest = stepSeconds(given);
  const goneAtOnce = rates.departures === Number.POSITIVE_INFINITY ? start.seeds : 0;
  let flow: Flow = [start.leechers, start.seeds - goneAtOnce, 0, 0, 0, goneAtOnce];
  let now = 0;
  return atSeconds.map((seconds) => {
    invariant(seconds >= now, 'times ascend from 0');
    const steps = Math.ceil((seconds - now) / longest);
    for (let i = 0; i < steps; i++) flow = rungeKutta(given, flow, (seconds - now) / steps);
    now = seconds;
    const [leechers, seeds, arrived, completed, aborted, departed] = flow;
    return { seconds, leechers, seeds, arrived, completed, aborted, departed };
  });
}

/**
 * Where the flow ends up with s = 0, with 1 / beta = max{1 / c, (1 / eta) (1 / mu - 1 / gamma)}.
 * The download time does not depend on the arrivals: that is why a swarm scales.
 */
export function steadyState(rates: Omit<ChurnRates, 'permanentSeeds'>): SteadyState {
  const { arrivals, aborts, uplink, downlink, effectiveness, departures } = rates;
  invariant(effectiveness > 0 && uplink > 0, 'a swarm without uploads has no steady state');
  const patient = Math.max(1 / downlink, (1 / uplink - 1 / departures) / effectiveness);
  const downloadSeconds = patient / (1 + aborts * patient);
  return {
    leechers: arrivals * downloadSeconds,
    seeds: arrivals / (departures * (1 + aborts * patient)),
    downloadSeconds,
  };
}
