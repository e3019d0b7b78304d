// A whole configuration for nginx (1.15.3 or newer) in front of hub replicas:
// https://nginx.org/en/docs/http/ngx_http_upstream_module.html and
// .../ngx_http_proxy_module.html. Every file that nginx makes lies below the
// directory that it is started in (-p), so it needs no rights and gets in the way
// of no other nginx.
//
// nginx checks passively: a replica that is gone is found by the request that it
// fails, and that request goes to the next one. What must not happen twice does
// not: a POST or PATCH goes on only if nothing of it was sent, and so does an
// upload, whose bytes are not kept (proxy_request_buffering off). Repeated are GET,
// HEAD, DELETE, and a PUT so small that it came in one packet: RFC 9110 section
// 9.2.2 allows that, and nginx has no way to forbid it but to give up the next
// replica altogether.
//
// Not passed on: 503. A hub says it of one file that is being written, or of a
// client that asks too much; were it counted as a failure, one such file would put
// all replicas out of use.
import { type Balancer, type Policy, type Replica, showAddress } from './balancer.ts';

/** `hash ... consistent` and not `ip_hash`, which takes all of a /24 for one client. */
const BALANCE: Record<Policy, readonly string[]> = {
  'round-robin': [],
  'least-connections': ['least_conn;'],
  'ip-hash': ['hash $remote_addr consistent;'],
};

/** @param made how this text was made, for its head. */
export function nginxConfig(balancer: Balancer, made: string): string {
  return `# nginx in front of ${balancer.replicas.length} replica(s) of a hub.
# Made by: ${made}
# Check:   nginx -t -e stderr -p DIRECTORY/ -c THIS_FILE
# Run:     nginx -e stderr -p DIRECTORY/ -c THIS_FILE    (nginx.pid comes into DIRECTORY; both absolute)
# Reload:  kill -HUP "$(cat DIRECTORY/nginx.pid)"

daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr notice;

events {
    worker_connections 4096;
}

http {
    access_log off;
    server_tokens off;

    # A WebSocket's upgrade is passed on; other requests keep the connection to the replica.
    map $http_upgrade $connection_to_replica {
        default upgrade;
        ''      '';
    }

    upstream hubswarm {
        # What one worker learns of a replica, all know.
        zone hubswarm 64k;
${lines(8, BALANCE[balancer.policy])}${lines(8, balancer.replicas.map(server))}        keepalive 32;
        # Before a hub closes an idle connection (after 15 s): no request runs into that.
        keepalive_timeout 10s;
    }

    server {
${lines(8, listen(balancer))}
        # Uploads of any size, handed on as they come and never kept here.
        client_max_body_size 0;
        proxy_request_buffering off;

        # Downloads and events are handed on as they come: no temporary files.
        proxy_buffering off;
        proxy_buffer_size 64k;
        proxy_buffers 8 64k;

        # As long as a hub takes at most.
        large_client_header_buffers 4 16k;
        client_header_timeout 10s;
        client_body_timeout 60s;
        send_timeout 60s;

        proxy_connect_timeout 2s;
        proxy_send_timeout 60s;
        # A hub may hash a large file before it answers.
        proxy_read_timeout 300s;

        proxy_next_upstream error timeout invalid_header;
        # What took longer than this fails instead of taking as long again elsewhere.
        proxy_next_upstream_timeout 10s;

        location / {
            # No path behind the name: the target goes on as it came.
            proxy_pass http://hubswarm;
            proxy_http_version 1.1;
            proxy_redirect off;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_to_replica;
            proxy_set_header Host $http_host;
            # Set, not added to: what a client says of itself is not passed on.
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Forwarded '';
        }
    }
}
`;
}

function listen({ listen: address, tls }: Balancer): string[] {
  if (!tls) return [`listen ${showAddress(address)};`];
  return [
    `listen ${showAddress(address)} ssl;`,
    `ssl_certificate "${tls.certificate}";`,
    `ssl_certificate_key "${tls.key ?? tls.certificate}";`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_session_cache shared:tls:10m;',
    'ssl_session_tickets off;',
  ];
}

/** Two failures within 5 s put a replica out of use for the next 5 s. */
function server(replica: Replica): string {
  return `server ${showAddress(replica)} weight=${replica.weight} max_fails=2 fail_timeout=5s;`;
}

const lines = (indent: number, all: readonly string[]): string =>
  all.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
