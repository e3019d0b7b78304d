import { describe, expect, it } from 'vitest';
import { Lack } from '../../src/swarm/lack.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { makeContent } from './party.ts';

const { manifest } = await makeContent();

/** A download that has `have` of eight pieces, among neighbours that lack `unavailable`. */
function lacking(have: number[], unavailable: number[], neighbourCount = 2) {
  const view = {
    missingPieces: 8 - have.length,
    neighbourCount,
    unavailable,
    get unavailablePieces() {
      return this.unavailable.length;
    },
    listUnavailable() {
      return this.unavailable;
    },
  };
  const events: Event[] = [];
  const lack = new Lack(view, manifest.root, (event) => events.push(event));
  return { lack, view, events };
}

describe('what a download lacks', () => {
  it('is said once when nothing has come for two seconds, and once when it is found', () => {
    const { lack, view, events } = lacking([0], [3, 4, 6]);
    lack.look(1999);
    expect(events).toEqual([]);
    lack.look(2000);
    expect(lack.isLacking).toBe(true);
    lack.look(2100);
    const cid = manifest.root.toString();
    const ranges = [
      [3, 4],
      [6, 6],
    ];
    expect(events).toEqual([{ event: 'pieces_lacked', cid, pieces: 3, ranges, neighbours: 2 }]);
    view.unavailable = [];
    lack.look(2200);
    lack.look(0);
    expect(events.slice(1)).toEqual([{ event: 'pieces_found', cid }]);
    expect(lack.isLacking).toBe(false);
  });

  it('is nothing while neighbours have every piece', () => {
    const { lack, events } = lacking([0], []);
    lack.look(60_000);
    expect(events).toEqual([]);
  });

  it.each([
    [lacking([0], []), '7 pieces missing, and no peer is sending'],
    [lacking([0], [1, 2, 3, 4, 5, 6, 7], 0), 'no peer to get 7 missing pieces from: 1-7'],
    [lacking([0, 1], [5], 3), '1 of 6 missing pieces are with none of 3 peers: 5'],
  ])('is described in one line', ({ lack }, text) => {
    expect(lack.describe()).toBe(text);
  });
});
