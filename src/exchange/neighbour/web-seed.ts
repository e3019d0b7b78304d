/** A neighbour that is a server of the whole file (BEP 19). */
export interface WebSeed {
  /** PeerId of the same host in the swarm, if it is known to be there. */
  readonly twin?: string | undefined;
}
