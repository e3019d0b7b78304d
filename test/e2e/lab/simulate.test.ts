// The command as it is built and started.
import { describe, expect, it } from 'vitest';
import { run } from '../binary.ts';

describe('hubswarm simulate', () => {
  it('is the same run from the same command line', async () => {
    const args = ['simulate', '--receivers', '20', '--size', '4MiB', '--latency', '1ms-20ms'];
    const [first, again] = await Promise.all([run([...args, '--json']), run([...args, '--json'])]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const { wallMs: _, ...result } = JSON.parse(first.stdout);
    expect(result).toMatchObject({ completed: 20, outcome: 'completed', pieces: 64 });
    const { wallMs: __, ...same } = JSON.parse(again.stdout);
    expect(same).toEqual(result);
  });

  it('answers a wrong option with one line and exit code 2', async () => {
    expect(await run(['simulate', '--latency', 'soon'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "hubswarm: --latency: 'soon' is not accepted; give milliseconds, or a range of them (as in 5ms or 5ms-50ms)\n",
    });
  });
});
