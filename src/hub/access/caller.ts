import type { Rights } from './rights.ts';

/** Whoever asks something of a hub, as a face of it came to know. */
export interface Caller {
  /** What its token allows; undefined without one. */
  readonly rights: Rights | undefined;
  /** What it showed for its token; the same in each request that bears the token so. */
  readonly credential: string | undefined;
  /** The origin of the page that its browser acts for; undefined for programs. */
  readonly page: string | undefined;
  /** A proxy says that it passed the request on: who sent it may be anywhere. */
  readonly isPassedOn: boolean;
}
