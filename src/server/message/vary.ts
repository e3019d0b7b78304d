// Joins all reasons to vary into one Vary field: CORS (Origin) and the representation. writeHead
// would keep only the last.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

export function withVary<T extends OutgoingHttpHeaders>(res: ServerResponse, headers: T): T {
  const before = res.getHeader('Vary');
  if (before === undefined || headers.Vary === undefined) return headers;
  return { ...headers, Vary: `${before}, ${headers.Vary}` };
}
