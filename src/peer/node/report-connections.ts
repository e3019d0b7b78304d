import type { PeerId } from '@libp2p/interface';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Node } from './node.ts';

/** Reports each peer with its first connection, and when the last one is gone. */
export function reportConnections(node: Node, emit: Emit): void {
  const handleConnect = guarded('meeting a peer', ({ detail }: CustomEvent<PeerId>) =>
    emit({ event: 'peer_connected', remote: detail.toString() }),
  );
  const handleDisconnect = guarded('losing a peer', ({ detail }: CustomEvent<PeerId>) =>
    emit({ event: 'peer_disconnected', remote: detail.toString() }),
  );
  node.addEventListener('peer:connect', handleConnect);
  node.addEventListener('peer:disconnect', handleDisconnect);
}
