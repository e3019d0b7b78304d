// The command as a person runs it, and the files in deploy/ that it made. The
// programs' own checkers judge the result where they are installed.
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { run, scratch } from '../binary.ts';
import { PROGRAMS } from './balancers.ts';

const DEPLOY = resolve(import.meta.dirname, '../../../deploy');
const REPLICAS = ['--replica', 'http://127.0.0.1:8081', 'http://[::1]:8082,weight=2'];

describe('deploy/', () => {
  it.each(['nginx.conf', 'haproxy.cfg'])(
    '%s is what the command in its head makes',
    async (name) => {
      const file = await readFile(join(DEPLOY, name), 'utf8');
      const made = /^# Made by: hubswarm (.*)$/m.exec(file)?.[1] ?? '';
      const { code, stdout } = await run(made.split(' '));
      expect(code).toBe(0);
      expect(stdout).toBe(file);
    },
  );

  it('holds units that systemd takes', needs('systemd-analyze'), async () => {
    const units = (await readdir(DEPLOY)).filter((name) => name.endsWith('.service'));
    expect(units).toHaveLength(5);
    for (const unit of units) {
      const isOfUser = /WantedBy=default.target/.test(await readFile(join(DEPLOY, unit), 'utf8'));
      const verify = [...(isOfUser ? ['--user'] : []), 'verify', join(DEPLOY, unit)];
      // Without it a user's manager looks at nothing.
      const env = { ...process.env, XDG_RUNTIME_DIR: tmpdir() };
      const { stderr } = spawnSync('systemd-analyze', verify, { encoding: 'utf8', env });
      expect(stderr).not.toContain('Failed to initialize manager');
      // That the programs are not where the unit has them is this machine's matter.
      const complaints = stderr.split('\n').filter((line) => line.includes(unit));
      expect(complaints.filter((line) => !/is not executable|No such file/.test(line))).toEqual([]);
    }
  });
});

describe('balancer', () => {
  it.each([
    [['nginx'], "required option '--replica <url...>' not specified"],
    [['nginx', '--replica', 'ftp://a:1'], "--replica: 'ftp://a:1' is not accepted"],
    [['haproxy', ...REPLICAS, '--policy', 'fair'], "--policy: 'fair' is not known"],
    [['haproxy', ...REPLICAS, '--listen', '8080'], "--listen: '8080' is not accepted"],
    [['nginx', ...REPLICAS, '--tls-key', 'k'], '--tls-key: is of no use alone'],
    [['nginx', ...REPLICAS, '--tls-cert', 'a$b'], "--tls-cert: 'a$b' is not accepted"],
    [['haproxy', ...REPLICAS, '--tls-cert', 'a', '--tls-key', 'b'], "--tls-key: 'b' is not"],
    [['caddy', ...REPLICAS], "unknown command 'caddy'"],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await run(['balancer', ...args]);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('replaces the file given with -o, and leaves nothing else', async () => {
    const dir = await scratch();
    const file = join(dir, 'balancer.conf');
    await writeFile(file, 'old');
    const written = await run(['balancer', 'nginx', ...REPLICAS, '-o', file]);
    expect(written).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { stdout } = await run(['balancer', 'nginx', ...REPLICAS]);
    expect(await readFile(file, 'utf8')).toBe(stdout);
    const beyond = await run(['balancer', 'nginx', ...REPLICAS, '-o', join(dir, 'none', 'f')]);
    expect(beyond).toMatchObject({ code: 1, stdout: '' });
    expect(await readdir(dir)).toEqual(['balancer.conf']);
  });

  for (const program of PROGRAMS) {
    describe(`${program} --check`, needs(program), () => {
      it.each(['round-robin', 'least-connections', 'ip-hash'])(
        'takes %s with TLS',
        async (policy) => {
          const dir = await scratch();
          const { private: key, cert } = await generate([
            { name: 'commonName', value: 'localhost' },
          ]);
          const pem = join(dir, 'a cert.pem');
          await writeFile(pem, `${cert}\n${key}\n`);
          const checked = await run([
            ...['balancer', program, ...REPLICAS, '--policy', policy, '--check'],
            ...['--listen', '[::1]:18443', '--tls-cert', pem],
          ]);
          expect(checked).toMatchObject({ code: 0, stderr: '' });
        },
      );

      it('says in one line why the program refuses, and writes nothing', async () => {
        const dir = await scratch();
        const none = join(dir, 'none.pem');
        const args = ['balancer', program, ...REPLICAS, '--check', '--tls-cert', none];
        const { code, stdout, stderr } = await run([...args, '-o', join(dir, 'out')]);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr.trim().split('\n')).toEqual([
          expect.stringMatching(new RegExp(`--check: ${program} refuses it: .*none\\.pem`)),
        ]);
        expect(await readdir(dir)).toEqual([]);
      });
    });
  }
});
