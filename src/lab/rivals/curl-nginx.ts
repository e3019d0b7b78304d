// What most people do: a file of a web server.
import type { RivalText } from '../terms/rival.ts';

/** One worker, sendfile. As root it would become a user who may not read the directory. */
const CONFIG = `
user root;
worker_processes 1;
daemon off;
pid {dir}/pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
  uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  limit_rate {uplinkShareBytes};
  server { listen {address}:{port}; root {fileDir}; }
}
`;

export const CURL_NGINX: RivalText = {
  id: 'curl-nginx',
  text: 'curl from nginx',
  note: 'Nothing is verified or encrypted. With links held by the programs nginx limits each connection to an equal share of the uplink.',
  programs: ['nginx', 'curl'],
  receiversServe: false,
  origin: {
    files: { 'nginx.conf': CONFIG },
    command: ['nginx', '-e', 'stderr', '-p', '{dir}/', '-c', '{dir}/nginx.conf'],
    ready: 'port',
  },
  receiver: {
    command: [
      ...['curl', '-q', '-sS', '--fail', '--noproxy', '*'],
      ...['--limit-rate', '{downlinkBytes}', '-o', '{out}', 'http://{origin}/{fileName}'],
    ],
    done: 'exit',
  },
};
