// A request that cannot be answered as asked: a status and one line for the client. Thrown by the
// routes, answered in one place (conversation.ts). Only for what HTTP itself asks for (methods, header
// fields, conditions); what the hub decides is a Refusal, which to-http.ts translates. The text
// never holds a path of this machine.

import type { RefusalCode } from '../../runtime/refusal.ts';

/** Several values are sent as several headers of the name. */
export type FailureHeaders = Readonly<Record<string, string | readonly string[]>>;

export class HttpFailure extends Error {
  readonly status: number;
  readonly headers: FailureHeaders;
  /** Code of the hub's refusal; undefined if HTTP itself is the reason. */
  readonly code: RefusalCode | undefined;

  constructor(
    status: number,
    message: string,
    headers: FailureHeaders = {},
    code: RefusalCode | undefined = undefined,
  ) {
    super(message);
    this.name = 'HttpFailure';
    this.status = status;
    this.headers = headers;
    this.code = code;
  }
}
