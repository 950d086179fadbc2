// The manners, with a real process and real signals: health answers, a drain that loses nothing, exit codes.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createService } from './service.ts';

/** They say when they are asked, and answer when they are told to. */
const programs: Record<'plain' | 'fastify', { module: string; text: string }> = {
  plain: {
    module: './index.ts',
    text: `
    const { createService } = await import(process.argv[1]);
    const service = createService('it', { port: 0 });
    service.onDrain(() => process.stdout.write('goodbye\\n'));
    const { port } = await service.listen((req, res) => {
      process.once('SIGUSR2', () => res.end('late'));
      process.stdout.write('asked\\n');
    });
    process.stdout.write(port + '\\n');`,
  },
  fastify: {
    module: './fastify.ts',
    text: `
    const { createFastifyService } = await import(process.argv[1]);
    const { app, service, listen } = await createFastifyService('it', { port: 0 });
    service.onDrain(() => process.stdout.write('goodbye\\n'));
    app.get('/', (req, reply) => {
      process.once('SIGUSR2', () => reply.send('late'));
      process.stdout.write('asked\\n');
    });
    await listen();
    process.stdout.write(app.server.address().port + '\\n');`,
  },
};

async function start(t: { after(fn: () => void): void }, program: { module: string; text: string }) {
  const module = new URL(program.module, import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program.text, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: '' },
  });
  t.after(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
  while (lines.length === 0) await once(child.stdout, 'data');
  return { child, lines, url: `http://127.0.0.1:${lines[0]}` };
}

/** And all that it said has been read: of 'exit' that is not certain. */
async function closed(child: ChildProcess): Promise<number | null> {
  await once(child, 'close');
  return child.exitCode;
}

for (const [name, program] of Object.entries(programs)) {
  test(`${name}: SIGTERM finishes what is in flight, says goodbye and exits 0`, async (t) => {
    const { child, lines, url } = await start(t, program);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.deepEqual(await (await fetch(`${url}/livez`)).json(), { status: 'ok', checks: {} });
    const slow = new Promise<string>((resolve, reject) => {
      const call = get(url, (res) => {
        res.setEncoding('utf8').on('data', (text: string) => resolve(`${text} ${res.headers.connection}`));
      });
      call.on('error', reject);
    });
    while (lines[1] !== 'asked') await once(child.stdout!, 'data');
    const end = closed(child);
    child.kill('SIGTERM');
    // It has heard it once nobody new is let in.
    while (
      await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      await new Promise(setImmediate);
    child.kill('SIGUSR2');
    assert.equal(await slow, 'late close');
    assert.equal(await end, 0);
    assert.equal(lines[2], 'goodbye');
    await assert.rejects(fetch(`${url}/readyz`), 'nobody listens any more');
  });
}

test('a replica that was told to go answers 503 on /readyz while it still takes requests', async () => {
  const service = createService('it', { port: 0, host: '127.0.0.1', signals: false, lingerMs: 2_000, env: {} });
  const { port } = await service.listen((_req, res) => res.end('hello'));
  // It lingers for longer than two questions take, also where much else is going on.
  const drained = service.drain();
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.deepEqual([ready.status, await ready.json()], [503, { status: 'failing', checks: { service: 'draining' } }]);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'close']);
  assert.equal(await drained, true);
  assert.equal(service.state, 'stopped');
});

test('a drain ends in time although one request never does, and says so', async () => {
  const service = createService('it', { port: 0, host: '127.0.0.1', signals: false, drainMs: 50, env: {} });
  const { port } = await service.listen(() => undefined);
  const stuck = assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  while (service.inFlight === 0) await new Promise(setImmediate);
  assert.equal(await service.drain(), false);
  await stuck;
});

test('a handler that throws answers 500; a taken port is named', async (t) => {
  t.mock.method(process.stderr, 'write', () => true);
  const service = createService('it', { port: 0, host: '127.0.0.1', signals: false, env: {} });
  const { port } = await service.listen(async () => {
    throw new Error('secret reason');
  });
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([answer.status, await answer.text()], [500, '{"error":"internal error"}']);
  const second = createService('it', { port, host: '127.0.0.1', signals: false, env: {} });
  await assert.rejects(
    second.listen(() => undefined),
    { code: 'HALE_SDK_PORT_IN_USE' },
  );
  await service.drain();
});

async function serve(t: { after(fn: () => void): void }, answer: (server: Server) => void) {
  const server = createServer();
  answer(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a client repeats what is safe elsewhere and leaves alone what is not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-sdk-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const seen: string[] = [];
  const good = await serve(t, (server) =>
    server.on('request', (req, res) => {
      seen.push(`good ${req.method}`);
      res.end('{"ok":true}');
    }),
  );
  const cutting = await serve(t, (server) =>
    server.on('request', (req) => {
      seen.push(`cut ${req.method}`);
      req.socket.destroy();
    }),
  );
  const dead = await deadPort();
  const tableFor = (ports: number[]) => {
    const file = `${folder}/${ports.join('-')}.json`;
    const endpoints = ports.map((port, i) => ({
      ...{ service: 'pay', replica: `pay/${i}`, incarnation: `I${port}`, address: '127.0.0.1', port },
      ...{ zone: 'a', region: 'local', weight: 100, state: 'in', release: 1 },
    }));
    writeFileSync(file, JSON.stringify({ version: 1, system: 's', epoch: 1, seq: 1, endpoints }));
    return { HALE_TABLE: file };
  };
  const callerOf = (ports: number[]) => createService('it', { signals: false, env: tableFor(ports) });

  const both = callerOf([cutting, good]);
  for (let i = 0; i < 20; i++) assert.equal((await both.client('pay').fetch('/')).ok, true, 'a cut GET went elsewhere');
  assert.ok(seen.includes('cut GET'));
  await both.drain();

  const unreachable = callerOf([dead, good]);
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(await (await unreachable.client('pay').fetch('/', { json: {} })).json(), { ok: true });
  }
  await unreachable.drain();

  seen.length = 0;
  const only = callerOf([cutting]);
  await assert.rejects(only.client('pay').fetch('/', { json: {} }), { code: 'HALE_SDK_CALL_FAILED' });
  assert.deepEqual(seen, ['cut POST'], 'a POST that was sent is not sent again');
  await assert.rejects(only.client('pay').fetch('/', { json: {}, idempotencyKey: 'k' }), {
    code: 'HALE_SDK_CALL_FAILED',
  });
  assert.equal(seen.length, 4, 'with a key it may be');
  await assert.rejects(only.client('nobody').fetch('/'), { code: 'HALE_SDK_NO_REPLICA' });
  await only.drain();
});
