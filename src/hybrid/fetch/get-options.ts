// What a caller of get() chooses.
import type { Writable } from 'node:stream';
import type { Access } from '../../client/http/access.ts';
import type { Entry } from '../entry.ts';

/** Its joins are beside those of the links. */
export interface GetOptions extends Entry {
  /** Output directory, made if it is missing; '-' for standard output: then a file is fetched in order. */
  readonly out: string;
  readonly force: boolean;
  /** Which files of a directory are wanted, by their paths below it; all if it is left out. */
  readonly wants?: ((path: string) => boolean) | undefined;
  readonly data?: string | undefined;
  readonly uplink?: number | undefined;
  readonly downlink?: number | undefined;
  /** Milliseconds without progress; by default 30 s by HTTP, never from the swarm. */
  readonly timeoutMs?: number | undefined;
  /** Least mean rate of what comes by HTTP; 0 for none, that of HttpClient if left out. */
  readonly minBytesPerSecond?: number | undefined;
  /** Milliseconds to serve others when it is complete. */
  readonly lingerMs: number;
  /** Whom to trust, and as whom to ask, at these URLs. */
  readonly access: (urls: readonly URL[]) => Promise<Access>;
  readonly stdout: Writable;
}
