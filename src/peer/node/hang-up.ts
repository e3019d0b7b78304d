// Ends a node. libp2p waits half a second for each connection to close in good order. The streams
// have been closed long before, so the connections are cut.
import type { Timers } from '../../runtime/clock.ts';
import type { Node } from './node.ts';

/** Time for streams to close in good order. Chosen. */
const GOODBYE_MS = 50;

export async function hangUp(node: Node, clock: Timers): Promise<void> {
  const cancel = clock.after(GOODBYE_MS, 'cutting connections', () => {
    for (const connection of node.getConnections()) connection.abort(new Error('stopped'));
  });
  await node.stop();
  cancel();
}
