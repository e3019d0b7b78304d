// A file behind a code phrase that is lost while it is fetched: both ends say which one and why, in one
// line each.
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { inside, ip, makeLan, namespaces } from '../namespaces.ts';
import { MIB } from '../swarm.ts';

const lines = ({ stderr }: Running, about: RegExp): string[] =>
  stderr.split('\n').filter((line) => about.test(line));

describe(
  'a file behind a code phrase',
  needs(...namespaces('ip link add switch0 type bridge')),
  () => {
    it.each([
      ['is written to', (path: string) => appendFile(path, 'more'), 'was changed'],
      ['is removed', (path: string) => rm(path), 'was removed or replaced'],
    ])('that %s is named at both ends', { timeout: 120_000 }, async (_, lose, words) => {
      const [here, there] = makeLan(2) as [string, string];
      for (const host of [here, there]) ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
      const dir = await scratch();
      const file = await randomFile(join(dir, 'report.bin'), 4 * MIB);
      const on = (host: string, user: string, ...args: string[]): Running => {
        const home = { XDG_DATA_HOME: join(dir, user), XDG_CACHE_HOME: join(dir, user, 'cache') };
        return start(args, home, inside(host));
      };
      const sender = on(here, 'a', 'share', '--phrase', '--uplink', '4Mbit/s', file);
      await expect.poll(() => sender.stderr, { timeout: 60_000 }).toMatch(/hubswarm get \S+/);
      const phrase = /hubswarm get (\S+)/.exec(sender.stderr)![1]!;
      const receiver = on(there, 'b', 'get', phrase, '--out', join(dir, 'out'));
      await expect.poll(() => receiver.stderr, { timeout: 60_000 }).toMatch(/10% /);
      await lose(file);
      await expect.poll(() => receiver.stderr, { timeout: 60_000 }).toContain(words);
      await expect.poll(() => sender.stderr, { timeout: 60_000 }).toContain('served no more');
      const said = new RegExp(`has report\\.bin no more: it ${words} there$`);
      expect(lines(receiver, / no more/)).toEqual([expect.stringMatching(said)]);
      expect(lines(sender, /served no more/)).toEqual([
        expect.stringMatching(/^warning: served no more: .*\/report\.bin: /),
      ]);
      for (const end of [receiver, sender]) {
        await end.end();
        expect(end.stderr).not.toMatch(/\n {4}at /);
      }
    });
  },
);
