// Shares a file from one peer, and fetches it with another: node peer.mjs FILE OUT
// The two are in one program here. On two machines each has a `listen` of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peer } from 'hubswarm/peer';

const [file, out] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node peer.mjs FILE OUT');
  process.exit(2);
}
const data = await mkdtemp(join(tmpdir(), 'hubswarm-example-'));
const peers = [];
try {
  const origin = await Peer.start({ dataDir: join(data, 'origin') });
  peers.push(origin);
  const cid = await origin.share(file);

  const receiver = await Peer.start({ dataDir: join(data, 'receiver'), join: origin.addresses });
  peers.push(receiver);
  const path = await receiver.get(cid, { out, timeoutMs: 30_000 });
  console.log(`${path} is ${cid}`);
} catch (error) {
  // What is wrong is in one line; `error.code` says it to programs.
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const peer of peers) await peer.stop();
  await rm(data, { recursive: true });
}
