// A whole configuration for HAProxy (2.4 or newer) in front of hub replicas:
// https://docs.haproxy.org/2.6/configuration.html.
//
// HAProxy checks actively: each replica is asked for the health path, so one that
// is gone, hangs or drains gets no new request, while those that run end in peace
// (no on-marked-down shutdown-sessions). Until a check has told, a connection that
// is refused goes to another replica, whatever the method, as nothing was sent;
// an answer that never began is asked for again only of GET and HEAD.
import { type Balancer, type Policy, type Replica, showAddress } from './balancer.ts';

const BALANCE: Record<Policy, readonly string[]> = {
  'round-robin': ['balance roundrobin'],
  'least-connections': ['balance leastconn'],
  // Consistent: a replica that comes or goes moves its own clients only.
  'ip-hash': ['balance source', 'hash-type consistent'],
};

/** @param made how this text was made, for its head. */
export function haproxyConfig(balancer: Balancer, made: string): string {
  return `# HAProxy in front of ${balancer.replicas.length} replica(s) of a hub.
# Made by: ${made}
# Check:   haproxy -c -f THIS_FILE
# Run:     haproxy -W -f THIS_FILE    (in the foreground)
# Reload:  kill -USR2 its process

global
    # Which replicas come and go; not each request.
    log stdout format raw local0 notice
    maxconn 4096

defaults
    mode http
    log global
    timeout connect 2s
    timeout client 60s
    # A hub may hash a large file before it answers.
    timeout server 300s
    timeout http-request 10s
    timeout http-keep-alive 15s
    # WebSockets.
    timeout tunnel 1h
    retries 3
    option redispatch 1
    retry-on conn-failure empty-response
    # Large answers stay in the kernel (measured: 1.1 to 1.4 times the speed).
    option splice-response

frontend hub
    bind ${bind(balancer)}
    # Set, not added to: what a client says of itself is not passed on.
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Proto ${balancer.tls ? 'https' : 'http'}
    http-request del-header Forwarded
    # GET and HEAD may be asked again; what changes a file may not.
    http-request disable-l7-retry unless METH_GET
    default_backend replicas

backend replicas
${lines(BALANCE[balancer.policy])}    option httpchk
    http-check send meth GET uri ${balancer.healthPath} ver HTTP/1.1 hdr Host hubswarm-balancer
    http-check expect status 200
    # Two failures in a row put a replica out of use, one success back into it.
    default-server check inter 2s fastinter 500ms downinter 1s fall 2 rise 1
${lines(balancer.replicas.map(server))}`;
}

function bind({ listen, tls }: Balancer): string {
  if (!tls) return showAddress(listen);
  return `${showAddress(listen)} ssl crt "${tls.certificate}" ssl-min-ver TLSv1.2`;
}

function server(replica: Replica, index: number): string {
  return `server replica${index + 1} ${showAddress(replica)} weight ${replica.weight}`;
}

const lines = (all: readonly string[]): string => all.map((line) => `    ${line}\n`).join('');
