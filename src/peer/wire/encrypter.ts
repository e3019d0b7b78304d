// libp2p's connection encrypter and muxer, made of Noise and yamux. Where the connection is a bare TCP
// socket, this folder's own path takes over after the handshake; in a private swarm it applies the
// protector's key streams itself. Everywhere else, as over a relay or a WebSocket, the stock packages
// run.
import { noise } from '@chainsafe/libp2p-noise';
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import type { Timers } from '../../runtime/clock.ts';
import { bareSocketOf } from '../patches/tcp.ts';
import { protectionOf } from '../private/protection.ts';
import {
  type Encrypter,
  type NoiseComponents,
  type NoiseFactory,
  performHandshake,
  type Role,
} from './handshake.ts';
import { generateKeyPair, nativeCrypto } from './key-agreement.ts';
import { SecuredConnection } from './secured-connection.ts';
import { Session, type SessionOptions } from './session.ts';

/** For `connectionEncrypters`. */
export const createEncrypter =
  (clock: Timers): NoiseFactory =>
  (components: NoiseComponents) => {
    const stock = noise({ crypto: nativeCrypto })(components);
    const staticKey = generateKeyPair();
    const secure =
      (role: Role, secureStock: Encrypter['secureOutbound']): Encrypter['secureOutbound'] =>
      async (connection, options) => {
        const protection = protectionOf(connection);
        const below = protection?.connection ?? connection;
        const socket = bareSocketOf(below);
        if (!socket) return secureStock.call(stock, connection, options);
        const init = { components, staticKey, options };
        const { secured, ...keys } = await performHandshake(role, connection, init);
        return {
          ...secured,
          connection: new SecuredConnection({
            connection: below,
            socket,
            protection,
            role,
            clock,
            ...keys,
          }),
        };
      };
    return Object.assign(stock, {
      secureInbound: secure('responder', stock.secureInbound),
      secureOutbound: secure('initiator', stock.secureOutbound),
    });
  };

/** For `streamMuxers`. */
export const createMuxer = (options: SessionOptions) => (): StreamMuxerFactory => {
  const stock = yamux({ streamOptions: { maxStreamWindowSize: options.windows.most } })();
  const createStock = stock.createStreamMuxer;
  return Object.assign(stock, {
    createStreamMuxer: (connection: MessageStream) =>
      connection instanceof SecuredConnection
        ? new Session(connection, options)
        : createStock.call(stock, connection),
  });
};
