import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Balancer,
  checkConfigPath,
  checkHealthPath,
  checkReplicas,
  POLICIES,
  parseListen,
  parseReplica,
  showAddress,
} from '../../src/balance/balancer.ts';
import { haproxyConfig } from '../../src/balance/haproxy-config.ts';
import { nginxConfig } from '../../src/balance/nginx-config.ts';

describe('parseReplica', () => {
  it.each([
    ['http://10.0.0.1:8080', '10.0.0.1:8080', 1],
    ['http://10.0.0.1:8080/', '10.0.0.1:8080', 1],
    ['http://10.0.0.1:80', '10.0.0.1:80', 1],
    ['10.0.0.1:8080', '10.0.0.1:8080', 1],
    ['localhost:8080,weight=2', 'localhost:8080', 2],
    ['[::1]:8080', '[::1]:8080', 1],
    ['http://[::1]:8080', '[::1]:8080', 1],
    ['http://Hub-1.example.org:8080,weight=3', 'hub-1.example.org:8080', 3],
    ['http://[2001:db8::2]:1,weight=256', '[2001:db8::2]:1', 256],
  ])('takes %s', (text, shown, weight) => {
    const replica = parseReplica(text);
    expect(showAddress(replica)).toBe(shown);
    expect(replica.weight).toBe(weight);
  });

  it.each([
    'http://10.0.0.1',
    'http://10.0.0.1:0',
    'http://10.0.0.1:65536',
    'https://10.0.0.1:443',
    'http://user:secret@10.0.0.1:8080',
    'http://10.0.0.1:8080/files',
    'http://10.0.0.1:8080?x',
    'http://10.0.0.1:8080,weight=0',
    'http://10.0.0.1:8080,weight=257',
    'http://10.0.0.1:8080,backup',
    'http://a;server b:80',
    'http://$host:80',
    'http://{a}:80',
    'http://a"b:80',
    'http://-x:80',
    'http://10.0.0.1:8080\n    server evil:80;',
    '10.0.0.1',
    '::1:8080',
    'me:secret@10.0.0.1:8080',
    'https:10.0.0.1:8080',
    ':8080',
    '',
  ])('refuses %j in one line', (text) => {
    expect(() => parseReplica(text)).toThrow(/^--replica: '[\s\S]*' is not accepted; give http:/);
  });

  it('takes one to eight, each once', () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, i) => parseReplica(`http://10.0.0.1:${8080 + i}`));
    expect(checkReplicas(some(8))).toHaveLength(8);
    expect(() => checkReplicas(some(9))).toThrow('give 1 to 8');
    expect(() => checkReplicas([...some(2), ...some(1)])).toThrow('give each replica once');
  });
});

describe('parseListen', () => {
  it.each(['0.0.0.0:8080', '127.0.0.1:1', '[::]:443', '[::1]:65535', 'localhost:8080'])(
    'takes %s as it is',
    (text) => expect(showAddress(parseListen(text))).toBe(text),
  );

  it.each([
    ...['8080', ':8080', '0.0.0.0', '0.0.0.0:0', '0.0.0.0:65536', '::1:8080', '[::1]', '1.2.3:80'],
    ...['[fe80::1%eth0]:80', 'a b:80', 'unix:/tmp/s', '0.0.0.0:80 ssl', '0.0.0.0:80\n'],
  ])('refuses %j', (text) => {
    expect(() => parseListen(text)).toThrow(/^--listen: /);
  });
});

const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', ';', '}', '\n', '$x', '#'),
);

/** What a program would read as structure, if a value brought it in. */
const STRUCTURE = /["'{};#$\\`\p{Cc}]|\s{2}/u;

describe('values that end up in a configuration', () => {
  it.each([
    ['a path', (text: string) => checkConfigPath('--tls-cert', `/etc/${text}`)],
    ['a health path', (text: string) => checkHealthPath(`/${text}`)],
    ['a listening address', (text: string) => showAddress(parseListen(`${text}:80`))],
    ['a replica', (text: string) => showAddress(parseReplica(`http://${text}:80`))],
  ])('%s brings in no syntax, whatever it is', (_name, accept) => {
    fc.assert(
      fc.property(TEXT, TEXT, (a, b) => {
        let accepted: string;
        try {
          accepted = accept(a + b);
        } catch (error) {
          expect(String(error)).toContain('is not accepted');
          return;
        }
        expect(accepted.replaceAll('  ', ' ')).not.toMatch(STRUCTURE);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses by name what would', () => {
    for (const path of ['/a"b', '/a$b', '/a\nb', '/a;b', '/a#b', '/a\\b', '']) {
      expect(() => checkConfigPath('--tls-key', path)).toThrow(/^--tls-key: /);
    }
    for (const path of ['readyz', '/a b', '/a?b', '/$x', '']) {
      expect(() => checkHealthPath(path)).toThrow(/^--health-path: /);
    }
  });
});

const balancer = (more: Partial<Balancer> = {}): Balancer => ({
  listen: parseListen('[::]:8443'),
  replicas: [parseReplica('http://10.0.0.1:8081,weight=2'), parseReplica('http://[::1]:8082')],
  policy: 'round-robin',
  healthPath: '/readyz',
  ...more,
});

describe('nginxConfig', () => {
  it('names every replica and where to listen', () => {
    const config = nginxConfig(balancer(), 'x');
    expect(config).toContain('listen [::]:8443;');
    expect(config).toContain('server 10.0.0.1:8081 weight=2 max_fails=2 fail_timeout=5s;');
    expect(config).toContain('server [::1]:8082 weight=1 max_fails=2 fail_timeout=5s;');
    expect(config).not.toContain('ssl');
  });

  it('balances as told, and names the policy before keepalive, as nginx asks', () => {
    const text = (policy: Balancer['policy']) => nginxConfig(balancer({ policy }), 'x');
    expect(text('round-robin')).not.toMatch(/least_conn;|hash \$/);
    expect(text('least-connections')).toMatch(/least_conn;[\s\S]*keepalive 32;/);
    expect(text('ip-hash')).toMatch(/hash \$remote_addr consistent;[\s\S]*keepalive 32;/);
  });

  it('takes the key from the certificate unless it is apart', () => {
    const tls = { certificate: '/etc/a b.pem' };
    expect(nginxConfig(balancer({ tls }), 'x')).toContain('ssl_certificate_key "/etc/a b.pem";');
    const apart = { ...tls, key: '/etc/k.pem' };
    expect(nginxConfig(balancer({ tls: apart }), 'x')).toContain('certificate_key "/etc/k.pem";');
  });
});

describe('haproxyConfig', () => {
  it('names every replica, where to listen and what to ask them', () => {
    const config = haproxyConfig(balancer({ healthPath: '/healthz' }), 'x');
    expect(config).toContain('bind [::]:8443\n');
    expect(config).toContain('server replica1 10.0.0.1:8081 weight 2\n');
    expect(config).toContain('server replica2 [::1]:8082 weight 1\n');
    expect(config).toContain('uri /healthz ');
    expect(config).toContain('X-Forwarded-Proto http\n');
  });

  it('says https where it takes TLS', () => {
    const config = haproxyConfig(balancer({ tls: { certificate: '/etc/a b.pem' } }), 'x');
    expect(config).toContain('bind [::]:8443 ssl crt "/etc/a b.pem" ssl-min-ver TLSv1.2\n');
    expect(config).toContain('X-Forwarded-Proto https\n');
  });

  it('balances as told', () => {
    const balance = POLICIES.map(
      (policy) => /balance (\w+)/.exec(haproxyConfig(balancer({ policy }), 'x'))?.[1],
    );
    expect(balance).toEqual(['roundrobin', 'leastconn', 'source']);
  });
});
