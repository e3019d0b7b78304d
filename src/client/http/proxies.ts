// Which proxy a request goes through: http_proxy, https_proxy, all_proxy and no_proxy, as curl reads
// them. A name in capitals counts as well, but for HTTP_PROXY: a server may set it from a request's
// header (https://httpoxy.org).
import { BlockList, isIP } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';
import { hostOf } from './url.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws HubswarmError ERR_USAGE for a proxy that is not spoken to */
export const proxyFor = (url: URL, env: Environment): URL | undefined => named(url, env)?.proxy;

/** By which proxy a URL is reached, and how to go around it; without credentials. */
export function sayProxy(url: URL, env: Environment): string | undefined {
  const { proxy, name } = named(url, env) ?? {};
  if (!proxy) return undefined;
  return `by way of the proxy ${proxy.origin}, which ${name} names; no_proxy=${hostOf(url)} goes around it`;
}

function named(
  url: URL,
  env: Environment,
): { readonly proxy: URL; readonly name: string | undefined } | undefined {
  const scheme = url.protocol.slice(0, -1);
  const [name, text] =
    variable(env, `${scheme}_proxy`, scheme !== 'http') ?? variable(env, 'all_proxy') ?? [];
  if (text === undefined || isExempt(url, variable(env, 'no_proxy')?.[1] ?? '')) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(full) ? new URL(full) : undefined;
  if (proxy && ['http:', 'https:'].includes(proxy.protocol)) return { proxy, name };
  // The rest is not shown: it may hold a password.
  const socks = proxy?.protocol.startsWith('socks') ? ' (SOCKS is not spoken)' : '';
  const how = 'give http:// or https://, or name the host in no_proxy';
  throw new HubswarmError('ERR_USAGE', `${name}: no proxy that is known${socks}; ${how}`);
}

function variable(
  env: Environment,
  name: string,
  capitals = true,
): readonly [name: string, value: string] | undefined {
  const names = capitals ? [name, name.toUpperCase()] : [name];
  // As curl has it, an empty one is none.
  const found = names.find((each) => env[each]?.trim());
  return found === undefined ? undefined : [found, env[found]?.trim() ?? ''];
}

/** Names, with all below them; addresses and networks; each also with a port. */
function isExempt(url: URL, list: string): boolean {
  const host = hostOf(url).toLowerCase().replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', onPort] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) ? '' : entry) ?? [];
      if (onPort !== undefined && onPort !== port) return false;
      const plain = (name || entry).replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      if (plain === '') return false;
      return isIP(host) ? covers(plain, host) : host === plain || host.endsWith(`.${plain}`);
    });
}

function covers(network: string, address: string): boolean {
  const [net = '', bits] = network.split('/');
  const [kind, own] = [isIP(net), isIP(address)];
  if (kind === 0 || kind !== own) return false;
  const list = new BlockList();
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const most = kind === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (!(prefix >= 0 && prefix <= most)) return false;
  list.addSubnet(net, prefix, family);
  return list.check(address, family);
}
