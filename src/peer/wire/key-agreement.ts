// Key agreement for Noise handshakes on native keys. What travels is the same, byte for byte; the
// library imports each key from its bytes, which costs ten times the agreement itself.
import type { KeyObject } from 'node:crypto';
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import type { ICryptoInterface, KeyPair } from '@chainsafe/libp2p-noise';
import { defaultCrypto, nodeCrypto } from '@chainsafe/libp2p-noise/crypto';

type Bytes = Parameters<ICryptoInterface['generateX25519SharedKey']>[1];

/** Native forms of the private keys that were made here. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

export function generateKeyPair(): KeyPair {
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

/** For the `crypto` option of noise(). */
export const nativeCrypto: ICryptoInterface = {
  ...defaultCrypto,
  ...nodeCrypto,
  getHKDF,
  generateX25519KeyPair: generateKeyPair,
  generateX25519SharedKey,
};
