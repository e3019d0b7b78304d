// Which proxy a URL goes through, and which login of ~/.netrc a machine gets.
import { describe, expect, it } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { findLogin } from '../../../src/client/http/netrc.ts';
import { proxyFor } from '../../../src/client/http/proxies.ts';

const P = 'http://p:3128/';

describe('the proxy of a URL', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['http://h/', {}, undefined],
    ['http://h/', { http_proxy: 'p:3128' }, P],
    ['http://h/', { http_proxy: 'http://p:3128' }, P],
    ['http://h/', { HTTP_PROXY: 'p:3128' }, undefined],
    ['http://h/', { https_proxy: 'p:3128' }, undefined],
    ['https://h/', { https_proxy: 'p:3128' }, P],
    ['https://h/', { HTTPS_PROXY: 'p:3128' }, P],
    ['https://h/', { all_proxy: 'p:3128' }, P],
    ['http://h/', { ALL_PROXY: 'p:3128', http_proxy: '' }, P],
    ['http://h/', { all_proxy: 'q:1', http_proxy: 'p:3128' }, P],
    ['https://h/', { https_proxy: '', HTTPS_PROXY: 'p:3128' }, P],
  ])('%s with %j', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.href).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['http://h/', '*', true],
    ['http://h.example/', 'example', true],
    ['http://h.example/', '.h.example', true],
    ['http://h.example/', 'x, *.example', true],
    ['http://h.example/', 'x h.example', true],
    ['http://ah.example/', 'h.example', false],
    ['http://H.Example./', 'h.EXAMPLE', true],
    ['http://h.example:8080/', 'h.example:8080', true],
    ['http://h.example:8081/', 'h.example:8080', false],
    ['http://127.0.0.1/', '127.0.0.1', true],
    ['http://127.0.0.1/', '127.0.0.0/8', true],
    ['http://10.0.0.1/', '127.0.0.0/8', false],
    ['http://10.0.0.1/', '10.0.0.0/99', false],
    ['http://127.0.0.1/', '.0.0.1', false],
    ['http://[::1]:80/', '::1', true],
    ['http://[::1]/', '[::1]', true],
    ['http://[fd00::1]/', 'fd00::/8', true],
    ['http://h/', ' , ', false],
  ])('%s is exempt by no_proxy=%s: %s', (url, list, exempt) => {
    const env = { http_proxy: 'p:3128', no_proxy: list };
    expect(proxyFor(new URL(url), env) === undefined).toBe(exempt);
  });

  it('is refused without being shown if it is not spoken to', () => {
    const env = { http_proxy: 'socks5://me:secret@p' };
    expect(() => proxyFor(new URL('http://h/'), env)).toThrow(
      /^http_proxy: no proxy that is known \(SOCKS is not spoken\); give http:\/\/ or https:\/\//,
    );
    expect(() => proxyFor(new URL('http://h/'), env)).not.toThrow(/secret/);
  });
});

describe('the login of a machine', () => {
  it.each<[string, string | undefined]>([
    ['machine h login a password b', 'a:b'],
    ['machine\nh\nlogin a\n  password\tb\n', 'a:b'],
    ['machine x login c password d machine H login a account z password b', 'a:b'],
    ['machine h password b', ':b'],
    ['machine h login "a b" password "c\\"d"', 'a b:c"d'],
    ['# machine h login x\nmachine h login a password b#c', 'a:b#c'],
    ['macdef init\nmachine h login x password y\n\nmachine h login a password b', 'a:b'],
    ['default login a password b', 'a:b'],
    ['machine x login c password d', undefined],
    ['machine hh login c password d', undefined],
    ['machine h', undefined],
    ['machine', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    const found = findLogin(text, 'h');
    expect(found && `${found.login}:${found.password}`).toBe(expected);
  });

  it.each<[string, string | undefined]>([
    ['machine h login c password d machine h login a password b', 'a:b'],
    ['machine h login c password d default login a password b', 'a:b'],
    ['machine h password b', ':b'],
    ['machine h login c password d', undefined],
    ['machine x login a password d', undefined],
  ])('of a user: %j', (text, expected) => {
    const found = findLogin(text, 'h', 'a');
    expect(found && `${found.login}:${found.password}`).toBe(expected);
  });

  it('has the password of a user that the URL names', () => {
    const netrc = 'machine h login c password d\nmachine h login a@b password p';
    const url = new URL('http://a%40b@h/x');
    const access = new Access({ urls: [url], netrc, token: 't' });
    expect(access.authorization(url)).toBe(`Basic ${btoa('a@b:p')}`);
    // Nobody's password is sent for another user, or to another server.
    expect(access.authorization(new URL('http://z@h/x'))).toBe(`Basic ${btoa('z:')}`);
    expect(access.authorization(new URL('http://a%40b@other/x'))).toBe(`Basic ${btoa('a@b:')}`);
    expect(access.authorization(new URL('http://a%40b:own@h/x'))).toBe(`Basic ${btoa('a@b:own')}`);
  });

  it('is sent to the servers that the user named, and to no other', () => {
    const netrc = 'default login a password b';
    const access = new Access({ urls: [new URL('http://h/x')], netrc });
    expect(access.authorization(new URL('http://h/y'))).toBe('Basic YTpi');
    expect(access.authorization(new URL('http://c:d@h/y'))).toBe('Basic Yzpk');
    for (const other of ['http://other/x', 'http://h:81/x', 'https://h/x']) {
      expect(access.authorization(new URL(other))).toBeUndefined();
    }
    const token = new Access({ urls: [new URL('http://h/x')], netrc, token: 't' });
    expect(token.authorization(new URL('http://h/y'))).toBe('Bearer t');
  });
});
