// Real nodes on 127.0.0.1 for the tests of this room.
import { generateKeyPair } from '@libp2p/crypto/keys';
import { afterEach } from 'vitest';
import { createNode, type Node, type NodeOptions } from '../../src/peer/node/node.ts';

/** Starts nodes; those that still run are stopped after each test. */
export function useNodes(): (options?: Omit<NodeOptions, 'privateKey'>) => Promise<Node> {
  const nodes: Node[] = [];
  afterEach(async () => {
    // A graceful end of each connection would take libp2p half a second.
    for (const node of nodes)
      for (const open of node.getConnections()) open.abort(new Error('end'));
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });
  return async (options = {}) => {
    const node = await createNode({ privateKey: await generateKeyPair('Ed25519'), ...options });
    nodes.push(node);
    return node;
  };
}
