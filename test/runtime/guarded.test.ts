import { describe, expect, it, onTestFinished } from 'vitest';
import { guarded, hearFailures, unawaited } from '../../src/runtime/guarded.ts';

/** What is told of, by what it did. */
function told(): [what: string, message: string][] {
  const heard: [string, string][] = [];
  const uncaught = (_what: string, error: unknown): void => {
    throw error;
  };
  hearFailures((what, error) => heard.push([what, (error as Error).message]));
  onTestFinished(() => hearFailures(uncaught));
  return heard;
}

const bad = (): never => {
  throw new Error('bad');
};

describe('guarded()', () => {
  it('passes arguments on, and tells of what was thrown or rejected', async () => {
    const heard = told();
    let sum = 0;
    guarded('adding', (a: number, b: number) => {
      sum = a + b;
    })(1, 2);
    expect(sum).toBe(3);
    guarded('throwing', bad)();
    guarded('rejecting', async () => bad())();
    unawaited('going on', Promise.reject(new Error('left')));
    await Promise.resolve();
    expect(heard).toEqual([
      ['throwing', 'bad'],
      ['rejecting', 'bad'],
      ['going on', 'left'],
    ]);
  });

  it('undoes what failed each time, whatever the undoing does, and tells of it once in a while', () => {
    const heard = told();
    let undone = 0;
    const callback = guarded('failing often', bad, () => {
      undone++;
      throw new Error('worse');
    });
    for (let i = 0; i < 3; i++) callback();
    expect(undone).toBe(3);
    expect(heard).toEqual([['failing often', 'bad']]);
  });
});
