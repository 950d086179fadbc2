// NGINX as a peer: one worker, keep-alive to the backend, access log off. Skipped by name where it is not installed.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const nginxHint = 'apt-get install nginx-light';

/** The path of nginx, or undefined when it is not there. */
export function findNginx(): string | undefined {
  for (const path of ['nginx', '/usr/sbin/nginx']) if (spawnSync(path, ['-v']).status === 0) return path;
  return undefined;
}

/** Writes a configuration into `folder`; gives the command line. */
export function nginxArgv(nginx: string, folder: string, ports: { port: number; backendPort: number }): string[] {
  const file = join(folder, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`);
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; ${temp.join(' ')}
  upstream backend { server 127.0.0.1:${ports.backendPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${ports.port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`,
  );
  return [nginx, '-e', `${folder}/error.log`, '-c', file];
}
