// Writes verified pieces in order to a pipe or device.
import type { Manifest } from '../../content/manifest.ts';
import { partsMatch } from '../../content/parts.ts';
import { OrderedSink } from './ordered-sink.ts';
import { type Outlet, writeOut } from './write-out.ts';

export function verifiedPipe(manifest: Manifest, outlet: Outlet): OrderedSink {
  return new OrderedSink({
    pieceCount: manifest.geometry.pieceCount,
    accepts: (piece, parts) => partsMatch(manifest, piece, parts),
    append: (bytes) => writeOut(outlet, bytes),
  });
}
