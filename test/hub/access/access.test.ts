// What access decides, of callers as any face may make them: no request, no socket.
import { describe, expect, it } from 'vitest';
import { Access, type AccessOptions } from '../../../src/hub/access/access.ts';
import type { Caller } from '../../../src/hub/access/caller.ts';
import type { Rights, Scope } from '../../../src/hub/access/rights.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { keyFile } from '../../server/access/keys.ts';

const ANYBODY: Caller = {
  rights: undefined,
  credential: undefined,
  page: undefined,
  isPassedOn: false,
};

const granted = (scopes: readonly Scope[], ...paths: string[][]): Caller => {
  const rights: Rights = { scopes: new Set(scopes), paths };
  return { ...ANYBODY, rights };
};

async function open(options: AccessOptions, { writable = true } = {}) {
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const access = await Access.open(options, { host: '127.0.0.1', writable, tls: 'none', emit });
  const refusalOf = (caller: Caller, scope: Scope, path: readonly string[]): unknown => {
    try {
      access.check(caller, scope, path);
      return undefined;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  return { access, events, refusalOf };
}

describe('Access.check', () => {
  it.each(['read', 'write', 'delete'] as const)(
    'lets anybody %s where no token is asked for',
    async (scope) => {
      const { refusalOf } = await open({});
      expect(refusalOf(ANYBODY, scope, ['a'])).toBeUndefined();
    },
  );

  it('lets nobody write where nothing may be written', async () => {
    const { refusalOf } = await open({}, { writable: false });
    expect(refusalOf(ANYBODY, 'read', ['a'])).toBeUndefined();
    expect(refusalOf(granted(['write'], []), 'write', ['a'])).toBe('ERR_NOT_PERMITTED');
  });

  it('lets a page write that is of this machine, or was named, and no other', async () => {
    const { refusalOf } = await open({ corsOrigins: ['https://app.example.org'] });
    const from = (page: string) => refusalOf({ ...ANYBODY, page }, 'write', ['a']);
    expect(from('https://app.example.org')).toBeUndefined();
    expect(from('http://127.0.0.1:8080')).toBeUndefined();
    expect(from('https://evil.example')).toBe('ERR_NOT_PERMITTED');
  });

  it('warns once when a proxy passes changes on that only this machine was to make', async () => {
    const { events, refusalOf } = await open({});
    for (let i = 0; i < 2; i++) refusalOf({ ...ANYBODY, isPassedOn: true }, 'write', ['a']);
    expect(events.map(({ event }) => event)).toEqual(['warned']);
  });

  it('asks for a token, and holds it to its scopes and paths', async () => {
    const { access, refusalOf } = await open({ tokenKeyFiles: [(await keyFile()).file] });
    const reader = granted(['read'], ['photos', '2024']);
    expect(refusalOf(ANYBODY, 'read', ['photos'])).toBe('ERR_TOKEN_MISSING');
    expect(refusalOf(reader, 'read', ['photos', '2024', 'a'])).toBeUndefined();
    expect(refusalOf(reader, 'write', ['photos', '2024', 'a'])).toBe('ERR_SCOPE');
    expect(refusalOf(reader, 'read', ['photos'])).toBe('ERR_SCOPE');
    expect(access.leads(reader, ['photos'])).toBe(true);
    expect(access.leads(reader, ['music'])).toBe(false);
  });
});
