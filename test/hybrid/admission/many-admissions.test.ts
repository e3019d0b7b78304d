// What one token may take of a hub's admissions.
import { expect, it } from 'vitest';
import { proofText } from '../../../src/api/hub-admission.ts';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import type { Access } from '../../../src/hub/access/access.ts';
import type { Caller } from '../../../src/hub/access/caller.ts';
import { HubAdmissions } from '../../../src/hybrid/admission/hub-admissions.ts';
import { startPeer } from '../hub-and-peers.ts';

const callerWith = (credential: string): Caller => ({
  credential,
  rights: { id: credential, scopes: ['read'], paths: undefined } as unknown as Caller['rights'],
  page: undefined,
  isPassedOn: false,
});

it('leaves what others were admitted to, however many it admits', {
  timeout: 120_000,
}, async () => {
  const { peer } = await startPeer();
  const access = {
    allows: () => true,
    holds: () => true,
    known: () => ({ expiresAtMs: Number.MAX_SAFE_INTEGER }),
  } as unknown as Access;
  const hub = peer.peerId;
  const sign = (bytes: Uint8Array) => peer.sign(bytes);
  const admissions = new HubAdmissions({
    ...{ hub, sign, access, places: () => [['f']], now: () => Date.now() },
  });
  const digestOf = (text: string) => sha256(Buffer.from(text));
  const admit = async (text: string, token: string): Promise<void> => {
    const wish = {
      ...{ caller: callerWith(token), peer: hub, cid: `${rawCid(digestOf(text))}` },
      ...{ challenge: undefined, proof: undefined },
    };
    const asked = await admissions.admit(wish);
    const { challenge } = asked as { challenge: string };
    const proof = Buffer.from(await sign(Buffer.from(proofText(hub, challenge))));
    const given = await admissions.admit({
      ...wish,
      challenge,
      proof: proof.toString('base64url'),
    });
    expect(given).toHaveProperty('ticket');
  };
  await admit('of another', 'another');
  for (let i = 0; i <= 4096; i++) await admit(`${i}`, 'greedy');
  expect(admissions.opensTo(digestOf('0'), hub)).toBe(false);
  expect(admissions.opensTo(digestOf('1'), hub)).toBe(true);
  expect(admissions.opensTo(digestOf('4096'), hub)).toBe(true);
  expect(admissions.opensTo(digestOf('of another'), hub)).toBe(true);
});
