// Admission by a token, over HTTP and in the swarm: a real hub and real peers on 127.0.0.1.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  ADMISSION_PATH,
  admissionSchema,
  challengeSchema,
  proofText,
} from '../../../src/api/hub-admission.ts';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { signToken } from '../../../src/hub/access/token.ts';
import { openTokenKey } from '../../../src/hub/access/token-key.ts';
import { askFiles } from '../../../src/peer/calls/files-protocol.ts';
import { fetchManifest } from '../../../src/peer/manifest/dag-protocol.ts';
import type { Peer } from '../../../src/peer/peer.ts';
import { scratch, startHub, startPeer } from '../hub-and-peers.ts';

const cidOf = (text: string) => rawCid(sha256(Buffer.from(text)));

/** A hub with the files a/f, b/g and open to tokens alone, and tokens for it. */
async function stage() {
  const keyFile = join(await scratch(), 'key');
  const key = await openTokenKey(keyFile);
  const hub = await startHub({}, { access: { tokenKeyFiles: [keyFile] } }, {}, async (dir) => {
    await mkdir(join(dir, 'a'));
    await mkdir(join(dir, 'b'));
    await writeFile(join(dir, 'a', 'f'), 'secret f');
    await writeFile(join(dir, 'b', 'g'), 'secret g');
  });
  let tokens = 0;
  const token = (paths?: string[][], lastsMs?: number): Promise<string> =>
    signToken(key, {
      scopes: ['read'],
      paths,
      id: `token-${tokens++}`,
      issuedAtMs: Date.now(),
      expiresAtMs: lastsMs === undefined ? undefined : Date.now() + lastsMs,
    });
  const ask = async (query: Record<string, string>, bearer?: string) => {
    const url = `${hub.server.url}${ADMISSION_PATH}?${new URLSearchParams(query)}`;
    const headers: Record<string, string> =
      bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    return fetch(url, { headers });
  };
  const { swarm } = await hub.about();
  /** The whole conversation, as that peer; the signature may be another's. */
  const admit = async (peer: Peer, cid: string, bearer: string, signer = peer) => {
    const first = await ask({ peer: peer.peerId, cid }, bearer);
    if (first.status !== 200) return first;
    const { challenge } = challengeSchema.parse(await first.json());
    const proof = await signer.sign(Buffer.from(proofText(swarm!.peer, challenge)));
    const signed = Buffer.from(proof).toString('base64url');
    return ask({ peer: peer.peerId, cid, challenge, proof: signed }, bearer);
  };
  const address = swarm!.addresses[0]!;
  return { hub, swarm: swarm!, address, token, ask, admit };
}

/** What a connected peer is told of a file. */
async function told({ node }: Peer, text: string): Promise<unknown[]> {
  const [connection] = node.getConnections();
  const signal = AbortSignal.timeout(20_000);
  const [standing] = await askFiles(connection!, [sha256(Buffer.from(text))], signal);
  const dag = await fetchManifest(connection!, cidOf(text), signal).then(
    ({ name }) => name,
    () => 'unknown',
  );
  return [standing, dag];
}

describe('a token at a hub in the swarm', () => {
  it('opens to a peer what it may read, and nothing else', async () => {
    const { swarm, address, token, admit } = await stage();
    expect(swarm.admits).toBe(true);
    const [{ peer: friend }, { peer: stranger }] = await Promise.all([
      startPeer(address),
      startPeer(address),
    ]);
    expect(await told(friend, 'secret f')).toEqual(['none', 'unknown']);
    const answer = await admit(friend, `${cidOf('secret f')}`, await token([['a']]));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { ticket, ms } = admissionSchema.parse(await answer.json());
    expect(ticket).toMatchObject({ hub: swarm.peer, peer: friend.peerId });
    expect(ms).toBeLessThanOrEqual(10 * 60_000);
    expect(await told(friend, 'secret f')).toEqual(['whole', 'f']);
    expect(await told(friend, 'secret g')).toEqual(['none', 'unknown']);
    expect(await told(stranger, 'secret f')).toEqual(['none', 'unknown']);
  });

  it('says the same of what is not there and of what it does not open', async () => {
    const { token, ask } = await stage();
    const bearer = await token([['a']]);
    const answers = await Promise.all(
      ['secret g', 'nowhere'].map((text) => ask({ peer: 'x', cid: `${cidOf(text)}` }, bearer)),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    const [one, other] = await Promise.all(answers.map((each) => each.text()));
    expect(one).toBe(other);
  });

  it('is needed, whatever is asked for', async () => {
    const { ask } = await stage();
    const answers = await Promise.all(
      ['secret f', 'nowhere'].map((text) => ask({ peer: 'x', cid: `${cidOf(text)}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect((await ask({ peer: 'x', cid: 'y' }, 'not.a.token')).status).toBe(401);
  });

  it('opens nothing to a peer that does not sign for itself', async () => {
    const { address, token, ask, admit } = await stage();
    const [{ peer: victim }, { peer: other }] = await Promise.all([
      startPeer(address),
      startPeer(address),
    ]);
    const bearer = await token();
    const cid = `${cidOf('secret f')}`;
    expect((await admit(victim, cid, bearer, other)).status).toBe(404);
    const forged = { challenge: 'A'.repeat(30), proof: 'A'.repeat(86) };
    expect((await ask({ peer: victim.peerId, cid, ...forged }, bearer)).status).toBe(404);
    expect((await ask({ peer: victim.peerId, cid: 'x'.repeat(300) }, bearer)).status).toBe(400);
    expect((await ask({ cid }, bearer)).status).toBe(400);
    expect(await told(victim, 'secret f')).toEqual(['none', 'unknown']);
  });

  it('closes again when it ends, and the peer is hung up on', async () => {
    const { address, token, admit } = await stage();
    const { peer } = await startPeer(address);
    const answer = await admit(peer, `${cidOf('secret f')}`, await token(undefined, 10_000));
    expect(answer.status).toBe(200);
    expect(await told(peer, 'secret f')).toEqual(['whole', 'f']);
    await vi.waitUntil(() => peer.node.getConnections().length === 0, { timeout: 60_000 });
    // The peer calls again, as it does whenever it is not connected.
    await vi.waitUntil(() => peer.node.getConnections().length > 0, { timeout: 60_000 });
    expect(await told(peer, 'secret f')).toEqual(['none', 'unknown']);
  });
});
