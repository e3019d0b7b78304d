// Port: a way to have a router pass on what comes to one of its ports. Each speaks to the default
// gateway and to nobody else; whatever it answers is bounded in size and time, and only read.
export interface MapRequest {
  /** This machine's address in the router's network. */
  readonly host: string;
  readonly port: number;
  /** The port at the router that is wanted: the one of before, or the same. */
  readonly wanted: number;
  readonly lifetimeSeconds: number;
}

export interface Mapped {
  /** The address that the router says it has. */
  readonly host: string;
  readonly port: number;
  /** Seconds after which the router forgets it; Infinity if it never does. */
  readonly lifetimeSeconds: number;
}

export interface Router {
  /** @throws HubswarmError ERR_REMOTE, in one line without text of the router; the signal's reason */
  map(request: MapRequest, signal: AbortSignal): Promise<Mapped>;
  /** @throws as map() */
  unmap(request: MapRequest, mapped: Mapped, signal: AbortSignal): Promise<void>;
}
