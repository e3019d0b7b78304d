// Answers whoever may ask for what a peer holds: for manifests, for which files are here, and for
// pieces. To others it is as if nothing were here.
import type { CID } from 'multiformats/cid';
import type { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import { Reception, type ReceptionInit } from '../swarm/reception.ts';
import { serveFiles } from './calls/files-protocol.ts';
import { answerCalls } from './calls/incoming.ts';
import type { Holdings } from './holdings.ts';
import { type HeldDag, serveDag } from './manifest/dag-protocol.ts';
import type { Admission } from './node/admission.ts';
import type { Node } from './node/node.ts';

interface Serving extends Pick<ReceptionInit, 'onBan'> {
  readonly held: Holdings;
  readonly admission: Admission;
  readonly link: Link;
}

/** Must be called once per node. */
export async function serveContent(
  node: Node,
  { held, admission, link, onBan }: Serving,
): Promise<void> {
  const mayHave = (digest: Uint8Array, asker: string): boolean =>
    admission.exchangesWith(asker) && held.opensTo(digest, asker);
  const dagOf = (cid: CID, asker: string): HeldDag | undefined =>
    mayHave(cid.multihash.digest, asker) ? held.answering(cid)?.dag : undefined;
  await serveDag(node, dagOf, link);
  const reception = new Reception({
    clock: systemClock,
    swarmOf: (file, caller) => held.swarmOf(file, caller),
    isBanned: (peer) => !admission.exchangesWith(peer),
    onBan,
  });
  await answerCalls(node, reception);
  await serveFiles(node, (digest, asker) =>
    mayHave(digest, asker) ? held.standingOf(digest) : 'none',
  );
}
