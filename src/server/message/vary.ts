// One Vary for all who have a say in an answer: whatever came before (CORS varies by
// Origin) and the representation itself. writeHead would let the last one win.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

export function withVary<T extends OutgoingHttpHeaders>(res: ServerResponse, headers: T): T {
  const before = res.getHeader('Vary');
  if (before === undefined || headers.Vary === undefined) return headers;
  return { ...headers, Vary: `${before}, ${headers.Vary}` };
}
