import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Condition, LINUX, needs } from './needs.ts';

const MISSING = 'hubswarm-no-such-program';
const NEVER: Condition = { name: 'a blue moon', holds: () => false };

function requireAll(value: string | undefined): void {
  const before = process.env.HUBSWARM_REQUIRE;
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env.HUBSWARM_REQUIRE;
    else process.env.HUBSWARM_REQUIRE = to;
  };
  set(value);
  onTestFinished(() => set(before));
}

describe('what a test needs', () => {
  it('skips nothing when all is there', () => {
    expect(needs('node', { ...LINUX, holds: () => true })).toEqual({});
  });

  it('skips for a missing program, and asks no condition that may want it', () => {
    requireAll(undefined);
    const asked = { name: 'unasked', holds: () => expect.fail('asked') };
    expect(needs('node', MISSING, asked)).toEqual({ skip: true, meta: { lacks: MISSING } });
  });

  it('fails for a missing program where all are required', () => {
    requireAll('all');
    expect(() => needs('node', MISSING)).toThrow(MISSING);
  });

  it('skips for what no program brings, required or not', () => {
    for (const value of [undefined, 'all']) {
      requireAll(value);
      expect(needs('node', NEVER)).toEqual({ skip: true, meta: { lacks: 'a blue moon' } });
    }
  });

  it('is said in this way by every test', () => {
    const root = resolve(import.meta.dirname, '..');
    const others = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('needs.test.ts'))
      .filter((path) => /\.(skipIf|runIf)\(/.test(readFileSync(join(root, path), 'utf8')));
    expect(others).toEqual([]);
  });
});
