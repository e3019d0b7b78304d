// What a router may answer to PCP (RFC 6887) and NAT-PMP (RFC 6886): any bytes are read without harm.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readMap, readOldAddress, readOldMap } from '../../../src/peer/mapping/pcp.ts';

const NONCE = Buffer.from('000102030405060708090a0b', 'hex');
/** Version 2, MAP, success, 1800 s, epoch; nonce; TCP, ports 4001 and 5001, ::ffff:5.9.9.1. */
const GRANT = Buffer.from(
  `02810000${'00000708'}${'00000001'}${'00'.repeat(12)}${NONCE.toString('hex')}06000000${'0fa1'}${'1389'}${'00'.repeat(10)}ffff05090901`,
  'hex',
);

const changed = (at: number, byte: number): Buffer => {
  const bytes = Buffer.from(GRANT);
  bytes[at] = byte;
  return bytes;
};

describe('an answer by PCP', () => {
  it('grants a port', () => {
    expect(readMap(GRANT, NONCE, { port: 4001 })).toEqual({
      mapped: { host: '5.9.9.1', port: 5001, lifetimeSeconds: 1800 },
    });
  });

  it('refuses with a code', () => {
    expect(readMap(changed(3, 2), NONCE, { port: 4001 })).toEqual({ refusal: 2 });
  });

  it('is of the older protocol', () => {
    expect(readMap(Buffer.from('0081000100000001', 'hex'), NONCE, { port: 4001 })).toBe('older');
  });

  it.each([
    ['another version', changed(0, 3)],
    ['another operation', changed(1, 0x82)],
    ['another nonce', changed(30, 0xff)],
    ['another protocol', changed(36, 17)],
    ['another port of ours', changed(41, 0)],
    ['an address of IPv6', changed(44, 0x20)],
    ['a cut one', GRANT.subarray(0, 59)],
    ['nothing', Buffer.alloc(0)],
  ])('of %s counts for nothing', (_, bytes) => {
    expect(readMap(bytes, NONCE, { port: 4001 })).toBe(undefined);
  });
});

describe('an answer by NAT-PMP', () => {
  it.each([
    ['008000000000000105090901', '5.9.9.1'],
    ['0080000300000001', 3],
    ['0080000000000001', undefined],
    ['0081000000000001', undefined],
    ['', undefined],
  ])('names the address: %s', (hex, expected) => {
    expect(readOldAddress(Buffer.from(hex, 'hex'))).toBe(expected);
  });

  it.each([
    ['00820000000000010fa1138900000708', { internal: 4001, port: 5001, lifetimeSeconds: 1800 }],
    ['0082000200000001', 2],
    ['008200000000000100', undefined],
  ])('grants a port: %s', (hex, expected) => {
    expect(readOldMap(Buffer.from(hex, 'hex'))).toEqual(expected);
  });
});

it('of any bytes throws nothing', () => {
  for (let i = 0; i < 5000; i++) {
    const bytes = randomBytes(i % 80);
    if (i % 2) bytes.set([2, 0x81, 0, 0].slice(0, bytes.length));
    readMap(bytes, NONCE, { port: 1 });
    readOldAddress(bytes);
    readOldMap(bytes);
  }
});
