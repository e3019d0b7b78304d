// A peer's port at its router: what the node listens at and announces. Loaded only where it is wanted.
import { randomInt } from 'node:crypto';
import type { Timers } from '../../runtime/clock.ts';
import { createRng } from '../../runtime/rng.ts';
import { listenedAt, type Node } from '../node/node.ts';
import { announceAlso } from '../patches/announced.ts';
import { findGateway } from './gateway.ts';
import { Pcp } from './pcp.ts';
import { PortMapping } from './port-mapping.ts';
import { Upnp } from './upnp.ts';

interface MapPortInit {
  readonly clock: Timers;
  /** Called when the node's addresses have changed. */
  readonly onMoved: () => void;
  warn(message: string): void;
}

export function mapPort(node: Node, { clock, onMoved, warn }: MapPortInit): PortMapping {
  return new PortMapping({
    clock,
    warn,
    findGateway,
    routersAt: (gateway) => [
      new Pcp(clock, gateway),
      new Upnp(clock, gateway, createRng(randomInt(2 ** 32))),
    ],
    listeners: () =>
      listenedAt(node).flatMap((address) => {
        const [, host, port] = /^\/ip4\/([\d.]+)\/tcp\/(\d+)/.exec(`${address}`) ?? [];
        return host === undefined ? [] : [{ host, port: Number(port) }];
      }),
    announce: (host, port) => {
      const withdraw = announceAlso(node, `/ip4/${host}/tcp/${port}`);
      onMoved();
      return () => {
        withdraw();
        onMoved();
      };
    },
  });
}
