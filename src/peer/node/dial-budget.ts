// Bounds the calls that fail at one address, and at one host, whatever PeerIds are named there.
// Remotes name addresses: in messages, in the DHT, in identify and over mDNS. Such an address may
// be a third party's, and a PeerId costs nothing, so a stranger could have a swarm call it
// thousands of times. A call counts as failed until the other end has proven its PeerId: no
// third party can do that for a made-up one. Calls that succeed cost nothing, so peers behind one
// NAT do not hinder one another.
//
// What this peer's user gave, and where a neighbour was reached before, is exempt while it is called.
import type { Transport } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { isCircuit } from '../circuit/circuit-address.ts';
import { Quota } from './quota.ts';

/** Failures at an address, one after another or at once, before it is left alone. Chosen. */
const FREE = 3;
/** Wait after that many; doubled with each further failure, up to the second figure. Chosen. */
const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/**
 * Failures at all ports of a host, and the time after which one more is allowed. Chosen: room for 64
 * peers behind one NAT that have all left.
 */
const MOST_OF_HOST = 96;
const ONE_MORE_MS = 500;
/** Most addresses remembered; a forgotten one gets its free failures again. Chosen. */
const MOST_REMEMBERED = 4096;

/** Heads of IPv6 addresses that contain an IPv4 address: RFC 4291, 2765 and 6052. */
const HEADS_OF_IPV4 = new Set([
  '00000000000000000000ffff',
  '0000000000000000ffff0000',
  '0064ff9b0000000000000000',
]);

interface Place {
  /** Calls under way. */
  open: number;
  /** Failures since the last call that succeeded. */
  failures: number;
  notBefore: number;
}

export class DialBudget {
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  /** Failures that hosts have left. */
  readonly #hosts: Quota;
  /** Calls under way of exempt addresses, by their whole text. */
  readonly #exempt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#hosts = new Quota(clock, MOST_OF_HOST, ONE_MORE_MS);
  }

  /** Exempts addresses until the returned function is called. The same with another PeerId is not. */
  exempt(addresses: readonly string[]): () => void {
    for (const address of addresses) {
      this.#exempt.set(address, (this.#exempt.get(address) ?? 0) + 1);
    }
    return () => {
      for (const address of addresses) {
        const left = this.#exempt.get(address)! - 1;
        if (left > 0) this.#exempt.set(address, left);
        else this.#exempt.delete(address);
      }
    };
  }

  /**
   * Begins a call. The returned function must be called once, with whether a peer answered.
   *
   * @throws HubswarmError ERR_RATE if the address or its host must be left alone
   */
  begin(address: Multiaddr): (isAnswered: boolean) => void {
    const { ip, household, port } = endpointOf(address);
    const place = this.#placeOf(`${ip} ${port}`);
    const isExempt = this.#exempt.has(address.toString());
    if (!isExempt) this.#charge(address, place, household);
    return (isAnswered) => {
      if (!isExempt) place.open--;
      if (isAnswered) place.failures = 0;
      if (isExempt) return;
      if (isAnswered) this.#hosts.giveBack(household);
      else this.#postpone(place);
    };
  }

  /** What is remembered of it, now as the last to be forgotten. */
  #placeOf(key: string): Place {
    const place = this.#places.get(key) ?? newPlace();
    this.#places.delete(key);
    this.#places.set(key, place);
    forgetOldest(this.#places, MOST_REMEMBERED);
    return place;
  }

  /** Counts the call as failed for as long as it is under way. */
  #charge(address: Multiaddr, place: Place, household: string): void {
    const isFree = place.failures + place.open < FREE;
    const mayCall = isFree || (place.open === 0 && this.#clock.now() >= place.notBefore);
    if (!mayCall || !this.#hosts.take(household)) {
      throw new HubswarmError('ERR_RATE', `${address}: left alone, since calls there failed`);
    }
    place.open++;
  }

  #postpone(place: Place): void {
    const doublings = Math.max(0, ++place.failures - FREE);
    const wait = Math.min(WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
    place.notBefore = this.#clock.now() + wait;
  }
}

const newPlace = (): Place => ({ open: 0, failures: 0, notBefore: Number.NEGATIVE_INFINITY });

/** Has a transport keep to the budget. */
export function boundDials(transport: Transport, budget: DialBudget): Transport {
  const dial = transport.dial.bind(transport);
  transport.dial = async (address, options) => {
    const end = budget.begin(address);
    let isAnswered = false;
    try {
      const connection = await dial(address, options);
      isAnswered = true;
      return connection;
    } finally {
      end(isAnswered);
    }
  };
  return transport;
}

interface Endpoint {
  /** One text for each IP address, or a DNS name. */
  readonly ip: string;
  /** An IPv6 host has a network of 2^64 addresses (RFC 6177). */
  readonly household: string;
  readonly port: string | undefined;
}

/**
 * Of a circuit, who is behind the relay: whose failures say nothing against the relay, and the relay's host
 * has a budget of its own for them.
 */
export function endpointOf(address: Multiaddr): Endpoint {
  if (!isCircuit(address)) return hostEndpointOf(address);
  const { household } = hostEndpointOf(address);
  const holder = address.getComponents().at(-1)?.value;
  return { ip: `${holder}`, household: `behind ${household}`, port: 'p2p-circuit' };
}

function hostEndpointOf(address: Multiaddr): Endpoint {
  const [host, { value: port } = {}] = address.getComponents();
  if (host?.name !== 'ip6') return { ip: `${host?.value}`, household: `${host?.value}`, port };
  // One byte says that it is ip6.
  const bytes = Buffer.from(address.bytes.subarray(1, 17));
  if (HEADS_OF_IPV4.has(bytes.toString('hex', 0, 12))) {
    const ip = bytes.subarray(12).join('.');
    return { ip, household: ip, port };
  }
  return { ip: bytes.toString('hex'), household: bytes.toString('hex', 0, 8), port };
}
