// Patches @libp2p/pnet 3: its ciphers (xsalsa20 1) get back the memory of connections that closed,
// which a stranger could fill by connecting, and take bytes in parts that this memory has room for.
// What lies below a protected connection is noted, so that peer/wire/ can take over there as well.
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { guarded } from '../../runtime/guarded.ts';
import { type Cipher, KeyStream, noteProtection } from '../private/protection.ts';
import { inside } from './inside.ts';

/** What a protected connection is made of. */
interface Box {
  inboundXor: Pick<KeyStream, 'update'>;
  outboundXor: Pick<KeyStream, 'update'>;
  readonly maConn: MessageStream;
}

/** For `connectionProtector`. @param key text of a swarm's key */
export function createProtector(key: string): () => ConnectionProtector {
  const create = preSharedKey({ psk: Buffer.from(key) });
  return () => {
    const stock = create();
    const protect = stock.protect.bind(stock);
    stock.protect = async (connection, options) => {
      const box = await protect(connection, options);
      bound(box);
      return box;
    };
    return stock;
  };
}

function bound(connection: MessageStream): void {
  const box = inside<Box>('memory of pnet', connection, 'inboundXor', 'outboundXor', 'maConn');
  if (!box) return;
  const incoming = new KeyStream(box.inboundXor as unknown as Cipher);
  const outgoing = new KeyStream(box.outboundXor as unknown as Cipher);
  const end = guarded('closing a protected connection', () => {
    incoming.end();
    outgoing.end();
  });
  box.inboundXor = incoming;
  box.outboundXor = outgoing;
  noteProtection(connection, { connection: box.maConn, incoming, outgoing });
  connection.addEventListener('close', end);
  if (connection.status !== 'open') end();
}
