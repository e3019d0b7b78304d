import type { Node } from '../node/node.ts';

/** Resolves once the routing table has a peer; rejects with the signal's reason. */
export async function dhtPeers(node: Node, signal: AbortSignal): Promise<void> {
  const { routingTable } = node.services.dht;
  signal.throwIfAborted();
  if (routingTable.size > 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  const enter = (): void => resolve();
  routingTable.addEventListener('peer:add', enter);
  signal.addEventListener('abort', stop);
  await promise.finally(() => {
    routingTable.removeEventListener('peer:add', enter);
    signal.removeEventListener('abort', stop);
  });
}
