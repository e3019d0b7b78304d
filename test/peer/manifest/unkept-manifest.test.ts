// A manifest that cannot be kept beside its partial costs a warning, never the download.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shortName } from '../../../src/disk/place/partial-name.ts';
import { useHostileSwarm } from '../hostile-swarm.ts';

const swarm = useHostileSwarm();

it('is had where a directory has the name of its manifest', async () => {
  const seed = await swarm.seed();
  const { peer, events } = await swarm.honest('getter');
  const out = join(swarm.dir, `out-${peer.peerId}`);
  const beside = join(out, `content.${shortName(swarm.cid)}.manifest`);
  await mkdir(join(beside, 'full'), { recursive: true });
  await swarm.fetch({ peer, events }, [seed.peer]);
  expect(events.filter(({ event }) => event === 'transfer_failed')).toEqual([]);
  expect(events).toContainEqual({
    event: 'warned',
    message: expect.stringMatching(/^the manifest beside it is not removed: .*directory/i),
  });
});
