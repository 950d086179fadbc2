// An NGINX that the team runs itself, in a folder of its own: Hale writes one file of upstreams into it, and takes back what it refuses.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../gateway/worker-rig.ts';
import { createInclude } from './include.ts';
import { nginxAbsent } from './pilot-rig.ts';
import { programEnv } from './programs.ts';
import type { ProxyConfig } from './proxy-program.ts';

const limits = { workers: 1, timeoutMs: 1000, tryTimeoutMs: 1000, holdMs: 1000, bodyBytesMax: 1000 };
const bin = '/usr/sbin/nginx';

test('an NGINX of the team follows the upstreams, and keeps them when its own configuration is refused', {
  skip: nginxAbsent,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-inc-'));
  const [old, next] = [await answering('old'), await answering('next')];
  const port = await freePort();
  const main = join(folder, 'nginx.conf');
  const included = join(folder, 'conf.d', 'hale.conf');
  mkdirSync(join(folder, 'conf.d'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp;`);
  const text = `daemon off; pid ${folder}/pid; error_log ${folder}/log; events {} http { access_log off; ${temp.join(' ')} include conf.d/*.conf;
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://hale_app; } } }`;
  writeFileSync(main, text);
  const words = [bin, '-p', folder, '-c', main];
  const spec = { file: included, check: [...words, '-t'], reload: [...words, '-s', 'reload'] };
  const include = createInclude(spec, folder);
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  // The team's own is not there yet: what cannot be reloaded is taken back, and said.
  await assert.rejects(include.apply(configOf(old)), { code: 'HALE_PLATFORM_PROXY_REFUSED' });
  await createInclude({ ...spec, reload: ['true'] }, folder).apply(configOf(old));
  const nginx = spawn(bin, words.slice(1), { env: programEnv(process.env), stdio: 'ignore' });
  try {
    await until(async () => (await answer().catch(() => '')) === 'old', 'the old one answers');
    await include.apply(configOf(next));
    await until(async () => (await answer()) === 'next', 'the next one answers');
    writeFileSync(main, text.replace('access_log off', 'no_such_word'));
    const before = readFileSync(included, 'utf8');
    await assert.rejects(include.apply(configOf(old)), /no_such_word/);
    assert.equal(readFileSync(included, 'utf8'), before);
    // For a moment after a reload old workers accept too.
    await until(
      async () => (await Promise.all([answer(), answer(), answer(), answer()])).every((one) => one === 'next'),
      'only the next one answers',
    );
  } finally {
    const ended = new Promise((resolve) => nginx.once('exit', resolve));
    nginx.kill('SIGTERM');
    await ended;
    for (const server of [old, next]) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

function configOf(server: Server): ProxyConfig {
  const member = { incarnation: 'A', address: '127.0.0.1', port: portOf(server), weight: 100 };
  const service = { name: 'app', idempotencyKeys: false, holdSocket: '', members: [member] };
  const listeners = [{ name: 'svc:app', fd: 3, host: '127.0.0.1', port: 9 }];
  return { listeners, routes: [], services: [service], tls: undefined, ...limits } as unknown as ProxyConfig;
}

async function answering(text: string): Promise<Server> {
  const server = createServer((_req, res) => res.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function freePort(): Promise<number> {
  const server = await answering('');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
