// The law of the house (architecture/law.ts), held against what the files import.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAW } from './architecture/law.ts';
import { findings } from './architecture/rules.ts';
import { readHouse } from './architecture/sources.ts';
import { withRooms } from './architecture/table.ts';

const DESIGN = resolve(import.meta.dirname, '../DESIGN.md');

describe('architecture', () => {
  const house = readHouse();

  it('reads the imports at all', () => {
    expect(house.sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(50);
  });

  it('is as the law says', () => {
    expect(findings(house, LAW)).toEqual([]);
  });

  it('is what DESIGN.md shows (`npm run law` writes it)', async () => {
    await expect(withRooms(readFileSync(DESIGN, 'utf8'), LAW)).toMatchFileSnapshot(DESIGN);
  });
});
