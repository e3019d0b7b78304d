import type { Rights } from './rights.ts';

/** The sender of a request, as a face of the hub found it out. */
export interface Caller {
  /** Rights of its token; undefined without a token. */
  readonly rights: Rights | undefined;
  /** The text that bore its token; the same in each request that bears the token in this way. */
  readonly credential: string | undefined;
  /** The web origin of the page that its browser acts for; undefined for programs. */
  readonly page: string | undefined;
  /** Whether a proxy says that it passed the request on: its first sender may be anywhere. */
  readonly isPassedOn: boolean;
}
