// Patches @libp2p/mdns 12: it reports that it hears nothing, which the package only logs, and keeps
// of the addresses that it hears those that a host of the LAN may name (address/scope.ts).
import type { EventEmitter } from 'node:events';
import type { PeerInfo, Startable } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { guarded } from '../../runtime/guarded.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import { believe } from '../address/scope.ts';
import { inside } from './inside.ts';
import { asTold } from './told-addresses.ts';

/** Keeps other libp2p programs on the LAN out; RFC 6763 allows 15 characters. */
const SERVICE = 'hubswarm';

/** What a started service is made of: multicast-dns 7. */
interface Started {
  readonly mdns: EventEmitter & { update(): void };
}

/**
 * @param onFailed called if the port of multicast DNS cannot be opened
 * @param swarm the private swarm whose peers alone are looked for, in ten characters
 */
export function createMdns(
  onFailed: (error: Error) => void,
  swarm?: string,
): ReturnType<typeof mdns> {
  const service = swarm === undefined ? SERVICE : `hs-${swarm}`;
  const create = mdns({ serviceTag: `_${service}._udp.local` });
  return (components) => {
    const service = create(asTold(components, SCOPE.network)) as ReturnType<typeof create> &
      Startable;
    const start = service.start.bind(service);
    service.start = async () => {
      await start();
      const patch = 'failures of mDNS';
      const started = inside<Started>(patch, service, 'mdns');
      const mdns = started && inside<Started['mdns']>(patch, started.mdns, 'once', 'update');
      if (!mdns) return;
      mdns.once('error', guarded('hearing of no mDNS', onFailed));
      // Its timer calls it; it throws where the system does not name the interfaces.
      mdns.update = guarded("looking at this machine's interfaces", mdns.update);
    };
    sieveAddresses(service);
    return service;
  };
}

/** Multicast is heard from the LAN, and nobody proves to be on this host. */
function sieveAddresses(service: object): void {
  const heard = inside<EventTarget>('addresses heard by mDNS', service, 'dispatchEvent');
  if (!heard) return;
  const dispatch = heard.dispatchEvent.bind(heard);
  heard.dispatchEvent = (event) => {
    const { id, multiaddrs } = (event as CustomEvent<PeerInfo>).detail;
    const believed = believe(multiaddrs.map(String), SCOPE.network);
    const detail = { id, multiaddrs: believed.map((each) => each.multiaddr) };
    return dispatch(new CustomEvent(event.type, { detail }));
  };
}
