// Addresses leave a message that its receiver has no use for.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/exchange/wire/message.ts';
import { toldTo } from '../../src/swarm/told-to.ts';

const [NEAR, FAR] = ['/mem/near', '/mem/far'];
const network = {
  tellable: (addresses: readonly string[], remote: string) =>
    addresses.filter((address) => address === FAR || remote === 'near'),
};
const addresses = [NEAR, FAR];
const hello: Message = {
  type: 'hello',
  file: new Uint8Array(4),
  pieceCount: 1,
  addresses,
  bitfield: new Uint8Array(1),
};

describe('a neighbour', () => {
  it.each([
    ['near', addresses],
    ['far', [FAR]],
  ])('that is %s is told of %j', (remote, expected) => {
    expect(toldTo(remote, hello, network)).toEqual({ ...hello, addresses: expected });
    expect(toldTo(remote, { type: 'peers', addresses }, network)).toEqual({
      type: 'peers',
      addresses: expected,
    });
  });

  it('is not told of nothing', () => {
    expect(toldTo('far', { type: 'peers', addresses: [NEAR] }, network)).toBe(undefined);
    expect(toldTo('far', { ...hello, addresses: [NEAR] }, network)).toMatchObject({
      addresses: [],
    });
  });

  it('is told all else, and all where the network does not tell scopes apart', () => {
    const have: Message = { type: 'have', pieces: [1] };
    expect(toldTo('far', have, network)).toBe(have);
    expect(toldTo('far', hello, {})).toBe(hello);
  });
});
