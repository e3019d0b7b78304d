// Keeps a port of the router open to this peer, while it listens in the router's network: asks for it
// by PCP or NAT-PMP, else by UPnP, announces the address that others can call, renews it in time, and
// gives it back at the end. No failure here ends the peer: it is told once, and tried again.
import type { Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { SCOPE, scopeOfIp } from '../../runtime/node/scope.ts';
import type { Gateway } from './gateway.ts';
import type { Mapped, MapRequest, Router } from './router.ts';

/** What is asked for: a mapping that nobody removes ends soon, and traffic is rare. Chosen. */
const LIFETIME_SECONDS = 1800;
/** The shortest time between two requests, whatever lifetime the router gives. Chosen. */
const LEAST_WAIT_MS = 5000;
/** Longest wait for a renewal: a router that was restarted has forgotten all. Chosen. */
const MOST_WAIT_MS = 15 * 60_000;
const RETRY_MS = 60_000;
/** Time for all that is asked of a router for one mapping, and to give it back. Chosen. */
const MAP_MS = 20_000;
const UNMAP_MS = 2000;

export interface PortMappingInit {
  readonly clock: Timers;
  /** The IPv4 addresses and ports at which this peer listens now. */
  listeners(): readonly { readonly host: string; readonly port: number }[];
  /** Tells others an address from now on. Returns the function that takes it back. */
  announce(host: string, port: number): () => void;
  warn(message: string): void;
  readonly findGateway: () => Promise<Gateway | undefined>;
  /** The ways to ask a router, the better one first. */
  routersAt(gateway: Gateway): readonly Router[];
}

interface Held {
  readonly gateway: Gateway;
  readonly router: Router;
  readonly request: MapRequest;
  readonly mapped: Mapped;
  /** Takes the address back; absent if others are not told of it. */
  readonly withdraw?: (() => void) | undefined;
}

export class PortMapping {
  readonly #init: PortMappingInit;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #held: Held | undefined;
  #hasWarned = false;

  constructor(init: PortMappingInit) {
    this.#init = init;
    this.#running = this.#run();
    unawaited('mapping a port', this.#running);
  }

  /** Gives the port back. */
  async close(): Promise<void> {
    this.#stop.abort(new HubswarmError('ERR_ABORTED', 'the peer has stopped'));
    await this.#running;
    await this.#release();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock } = this.#init;
    while (!signal.aborted) {
      const waitMs = await this.#renew().catch((error: unknown) => this.#fail(error));
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** @returns after how long it must be called again */
  async #renew(): Promise<number> {
    const gateway = await this.#init.findGateway();
    if (!gateway) throw new HubswarmError('ERR_REMOTE', 'no router of a private network is found');
    const listener = this.#init.listeners().find(({ host }) => host === gateway.host);
    if (!listener) {
      const message = `this peer does not listen at ${gateway.host}, where the router is`;
      throw new HubswarmError('ERR_REMOTE', message);
    }
    const before = this.#held;
    const isSame =
      before?.gateway.router === gateway.router &&
      before.request.port === listener.port &&
      before.request.host === listener.host;
    if (before && !isSame) await this.#release();
    const request = {
      ...listener,
      wanted: before?.mapped.port ?? listener.port,
      lifetimeSeconds: LIFETIME_SECONDS,
    };
    const [router, mapped] = await this.#map(request, gateway, isSame ? before.router : undefined);
    this.#hold({ gateway, router, request, mapped });
    if (scopeOfIp(mapped.host) !== SCOPE.everywhere) {
      await this.#release();
      const message = `the router is behind another one: its own address ${mapped.host} is not of the internet`;
      throw new HubswarmError('ERR_REMOTE', message);
    }
    this.#hasWarned = false;
    const half = (mapped.lifetimeSeconds * 1000) / 2;
    return Math.min(Math.max(half, LEAST_WAIT_MS), MOST_WAIT_MS);
  }

  async #map(
    request: MapRequest,
    gateway: Gateway,
    known: Router | undefined,
  ): Promise<[Router, Mapped]> {
    const ways = known ? [known] : this.#init.routersAt(gateway);
    let reason: unknown;
    for (const router of ways) {
      try {
        const mapped = await attempt([this.#stop.signal], MAP_MS, (signal) =>
          router.map(request, signal),
        );
        if (mapped.port > 0 && mapped.lifetimeSeconds > 0) return [router, mapped];
        reason = new HubswarmError('ERR_REMOTE', 'the router gives no port');
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  #hold(held: Omit<Held, 'withdraw'>): void {
    const { mapped } = held;
    const before = this.#held;
    const isSame = before?.mapped.host === mapped.host && before.mapped.port === mapped.port;
    const isOpen = scopeOfIp(mapped.host) === SCOPE.everywhere;
    let withdraw = isSame ? before.withdraw : undefined;
    if (!isSame) before?.withdraw?.();
    if (isOpen) withdraw ??= this.#init.announce(mapped.host, mapped.port);
    this.#held = { ...held, withdraw };
  }

  /** Tells of it once. @returns after how long it is tried again */
  #fail(error: unknown): number {
    if (this.#stop.signal.aborted) return 0;
    if (!this.#hasWarned) {
      this.#init.warn(`--port-mapping: ${describeError(error)}; looked for again every minute`);
    }
    this.#hasWarned = true;
    // It may hold still, and is given back at the end; but others must not be told what may be over.
    this.#held?.withdraw?.();
    if (this.#held) this.#held = { ...this.#held, withdraw: undefined };
    return RETRY_MS;
  }

  async #release(): Promise<void> {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    held.withdraw?.();
    const { router, request, mapped } = held;
    await attempt([], UNMAP_MS, (signal) => router.unmap(request, mapped, signal)).catch(
      // Then it ends by its lifetime.
      () => undefined,
    );
  }
}
