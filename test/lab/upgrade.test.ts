import { expect, it } from 'vitest';
import { resultSchema } from '../../src/lab/result.ts';
import { upgrade } from '../../src/lab/upgrade.ts';
import { syntheticResult } from './synthetic-result.ts';

it('makes a result of schema 1 one of today', async () => {
  const today = await syntheticResult();
  const { agreements, ...rest } = today;
  const { link, ...parameters } = today.parameters;
  const runs = today.runs.map(({ link, ...run }) => run);
  const old = { ...rest, schema: 1, parameters, runs };
  expect(resultSchema.safeParse(old).success).toBe(false);
  expect(resultSchema.parse(upgrade(old))).toEqual(today);
});

it.each([undefined, 'text', { schema: 3 }, { schema: 1, parameters: 5 }])(
  'leaves %j alone',
  (value) => {
    expect(upgrade(value)).toBe(value);
  },
);
