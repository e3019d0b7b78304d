// The connection encrypter: libp2p's Noise, without four things that make it slow
// in Node. What travels is the same, byte for byte.

import type { KeyObject } from 'node:crypto';
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { type KeyPair, noise } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import type { ConnectionEncrypter, SecuredConnection } from '@libp2p/interface';
import { inside } from './inside.ts';
import { writeAtOnce } from './tcp.ts';

type NoiseFactory = ReturnType<typeof noise>;
type Bytes = Parameters<typeof defaultCrypto.generateX25519SharedKey>[1];

/** Bytes of a Poly1305 tag. */
const TAG_LENGTH = 16;

/** For `connectionEncrypters`. */
export const fastNoise: NoiseFactory = (components) => {
  const encrypter = noise({
    crypto: { ...defaultCrypto, getHKDF, generateX25519KeyPair, generateX25519SharedKey },
  })(components);
  const lighten =
    (secure: ConnectionEncrypter['secureOutbound']): ConnectionEncrypter['secureOutbound'] =>
    async (connection, options) => {
      writeAtOnce(connection);
      return decryptWithoutCopy(await secure.call(encrypter, connection, options));
    };
  return Object.assign(encrypter, {
    secureInbound: lighten(encrypter.secureInbound),
    secureOutbound: lighten(encrypter.secureOutbound),
  });
};

/** Of the keys made here: importing one from its bytes costs ten times an agreement. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function generateX25519KeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  const pair = { publicKey: fromBase64(x!), privateKey: fromBase64(d!) };
  keyObjects.set(pair.privateKey, privateKey);
  return pair;
}

function generateX25519SharedKey(privateKey: Bytes, publicKey: Bytes): Uint8Array {
  const known = privateKey instanceof Uint8Array ? keyObjects.get(privateKey) : undefined;
  if (!known) return defaultCrypto.generateX25519SharedKey(privateKey, publicKey);
  const x = Buffer.from(publicKey.subarray()).toString('base64url');
  // As JWK, because OpenSSL takes five times as long over DER.
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
  return diffieHellman({ privateKey: known, publicKey: key });
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** RFC 5869 with no info and three outputs; the library's is JavaScript, cold at every start. */
function getHKDF(salt: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Uint8Array => {
    const hash = createHmac('sha256', key);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const key = hmac(salt, input);
  const first = hmac(key, Uint8Array.of(1));
  const second = hmac(key, first, Uint8Array.of(2));
  return [first, second, hmac(key, second, Uint8Array.of(3))];
}

/** What an encrypted connection (@chainsafe/libp2p-noise 17) is called inside. */
interface EncryptedConnection {
  handshake: Handshake;
  decrypt(chunk: Bytes): Bytes;
}

interface Handshake {
  decrypt(chunk: Bytes): Bytes;
}

/**
 * The library copies every message that came in two reads, as the place to decrypt it
 * to, and then decrypts it elsewhere.
 */
function decryptWithoutCopy<T extends SecuredConnection>(secured: T): T {
  const patch = 'decrypting without a copy';
  const { connection } = secured;
  const known = inside<EncryptedConnection>(patch, connection, 'handshake', 'decrypt');
  const handshake = known && inside<Handshake>(patch, known.handshake, 'decrypt');
  if (!handshake) return secured;
  known.decrypt = (chunk) => {
    if (chunk.byteLength < TAG_LENGTH) throw new Error('a message shorter than its tag');
    return handshake.decrypt(chunk);
  };
  return secured;
}
