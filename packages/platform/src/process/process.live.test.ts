// Real replicas on this machine: started, seen, stopped, killed, run away from, misunderstood.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Incarnation, ReplicaId, ServiceSpec, SystemSpec } from '@hale/model';
import { buildService, buildSystem } from '@hale/model/testing';
import { type LiveHouse, openLiveHouse } from './live-house.ts';

const server = `
import http from 'node:http';
import { spawn } from 'node:child_process';
const app = http.createServer((request, response) => {
  if (request.url === '/block') for (;;);
  if (request.url === '/stray') spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  response.end('ok');
});
app.listen(process.env.WRONG_PORT === undefined ? process.env.PORT : 0);
process.on('SIGTERM', () => { if (process.env.STUBBORN === undefined) process.exit(0); });
`;

let house: LiveHouse;
const at = (incarnation: string) => house.seen.get(incarnation as Incarnation);

function systemOf(...services: Partial<ServiceSpec>[]): SystemSpec {
  const file = house.write('server.mjs', server);
  const program = { kind: 'module', file } as const;
  const built = services.map((over) => buildService({ program, cwd: house.root, ...over }));
  return {
    ...buildSystem(),
    root: house.root,
    gateway: undefined,
    resources: {},
    services: Object.fromEntries(built.map((service) => [service.name, service])),
  };
}

function stop(replica: string, incarnation: string, graceMs: number) {
  return house.order({
    kind: 'StopReplica',
    replica: replica as ReplicaId,
    incarnation: incarnation as Incarnation,
    graceMs,
  });
}

async function portOf(incarnation: string): Promise<number> {
  const serving = await house.until(`${incarnation} is ready`, () => {
    const seen = at(incarnation);
    return seen?.ready.verdict === 'pass' && seen;
  });
  return serving.port ?? 0;
}

before(async () => {
  house = await openLiveHouse();
  await house.attach(
    systemOf(
      { name: 'web', uses: ['stubborn'], env: { GREETING: { kind: 'text', text: 'hello' } } },
      { name: 'stubborn', env: { STUBBORN: { kind: 'text', text: '1' } } },
      { name: 'elsewhere', env: { WRONG_PORT: { kind: 'text', text: '1' } } },
      { name: 'absent', program: { kind: 'command', argv: ['there-is-no-such-program'] } },
      { name: 'secretive', env: { KEY: { kind: 'secret', name: 'NO_SUCH_SECRET' } } },
      {
        name: 'enums',
        program: { kind: 'module', file: house.write('enums.ts', 'enum A { B }\nconsole.log(A.B);\n') },
      },
    ),
  );
});
after(() => house.close());

test('a replica starts, beats, is told its environment, and stops when asked', async () => {
  assert.deepEqual(await house.start('web/0', 'web-1'), { kind: 'done' });
  assert.deepEqual(
    await house.start('web/0', 'web-1'),
    { kind: 'done' },
    'a second order for one incarnation is the same one',
  );
  const port = await portOf('web-1');
  const env = (await (await fetch(`http://127.0.0.1:${port}/env`)).json()) as Record<string, string>;
  assert.equal(env['PORT'], String(port));
  assert.equal(env['GREETING'], 'hello');
  assert.equal(env['HALE_REPLICA'], 'web/0');
  assert.match(env['HALE_URL_STUBBORN'] ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(env['NODE_OPTIONS'], process.env['NODE_OPTIONS'], 'the preload leaves no trace for descendants');
  await house.until('it beats', () => at('web-1')?.heartbeat.kind === 'beating');
  assert.deepEqual(await stop('web/0', 'web-1', 5000), { kind: 'done' });
  const gone = await house.until('its exit is told', () => at('web-1')?.process.kind === 'exited' && at('web-1'));
  assert.deepEqual(gone.process, { kind: 'exited', code: 0, signal: undefined });
});

test('a replica that ignores SIGTERM, and a child that ran away from its group, are killed', async () => {
  await house.start('stubborn/0', 'stubborn-1');
  const port = await portOf('stubborn-1');
  await fetch(`http://127.0.0.1:${port}/stray`);
  const { findStrays } = await import('./strays.ts');
  await house.until('the stray runs', () => findStrays('stubborn-1').length === 2);
  assert.deepEqual(await stop('stubborn/0', 'stubborn-1', 200), { kind: 'done' });
  assert.deepEqual(at('stubborn-1')?.process, { kind: 'exited', code: undefined, signal: 'SIGKILL' });
  await house.until('nobody is left', () => findStrays('stubborn-1').length === 0);
});

test('a blocked loop is seen with its stack, and a stopped process is told apart', async () => {
  await house.start('web/0', 'web-2');
  const port = await portOf('web-2');
  await house.until('it beats', () => at('web-2')?.heartbeat.kind === 'beating');
  fetch(`http://127.0.0.1:${port}/block`).catch(() => {});
  const blocked = await house.until('the block is seen', () => {
    const seen = at('web-2');
    return seen?.heartbeat.kind === 'beating' && seen.heartbeat.stalledMs >= 1500 && seen.stack !== undefined && seen;
  });
  assert.match(blocked.stack ?? '', /server\.mjs:5/);
  assert.deepEqual(blocked.process, { kind: 'running' });
  await house.until('the kernel is a second witness', () => (at('web-2')?.usage?.mainThreadStuckMs ?? 0) > 1000);
  process.kill(blocked.pid ?? Number.NaN, 'SIGSTOP');
  await house.until('it is seen stopped', () => at('web-2')?.process.kind === 'stopped');
  await house.until('its pulse is silent', () => at('web-2')?.heartbeat.kind === 'silent');
  assert.deepEqual(await stop('web/0', 'web-2', 0), { kind: 'done' });
});

test('a program that ignores PORT is told which one it opened', async () => {
  await house.start('elsewhere/0', 'elsewhere-1');
  const seen = await house.until('the other port is found', () => {
    const reason = at('elsewhere-1')?.startup.reason ?? '';
    return reason.startsWith('listens on') && reason;
  });
  assert.match(seen, /^listens on \d+ but was told PORT=\d+: read process\.env\.PORT or declare `port: \d+`$/);
  await stop('elsewhere/0', 'elsewhere-1', 0);
});

test('what cannot be started says why, and leaves nothing', async () => {
  const absent = await house.start('absent/0', 'absent-1');
  assert.equal(absent.kind === 'failed' && absent.code, 'HALE_PLATFORM_PROGRAM_MISSING');
  const secretive = await house.start('secretive/0', 'secretive-1');
  assert.equal(secretive.kind === 'failed' && secretive.code, 'HALE_PLATFORM_SECRET_MISSING');
  assert.equal(existsSync(`${house.runtimeDir}/replicas/absent-1.json`), false);
});

test('TypeScript that Node cannot run is answered with the line to write instead', async () => {
  await house.start('enums/0', 'enums-1');
  const seen = await house.until('it has exited', () => at('enums-1')?.process.kind === 'exited' && at('enums-1'));
  assert.match(seen.lastWords ?? '', /^Node cannot run this TypeScript.*command: \['npx', 'tsx', '.*enums\.ts'\]/);
});

test('what runs is adopted as it is: same process, same port, probed and beating', async () => {
  const spec = systemOf({ name: 'web' });
  await house.start('web/0', 'web-3');
  const port = await portOf('web-3');
  const pid = at('web-3')?.pid;
  house.seen.clear();
  await house.attach(spec);
  assert.equal(at('web-3')?.pid, pid, 'the first full observation lists it');
  assert.equal(await portOf('web-3'), port);
  await house.until('it beats', () => at('web-3')?.heartbeat.kind === 'beating');
  process.kill(pid ?? Number.NaN, 'SIGKILL');
  const gone = await house.until('its end is told', () => at('web-3')?.process.kind === 'exited' && at('web-3'));
  assert.deepEqual(gone.process, { kind: 'exited', code: undefined, signal: 'SIGKILL' });
});

test('a program under an open inspector says so', async () => {
  const argv = [process.execPath, '--inspect=127.0.0.1:0', house.write('server.mjs', server)];
  await house.attach(systemOf({ name: 'debugged', program: { kind: 'command', argv } }));
  assert.deepEqual(await house.start('debugged/0', 'debugged-1'), { kind: 'done' });
  await house.until('it is inspected', () => {
    const pulse = at('debugged-1')?.heartbeat;
    return pulse?.kind === 'beating' && pulse.inspected;
  });
  await stop('debugged/0', 'debugged-1', 0);
});

test('a lower epoch is stale', async () => {
  const platform = await house.attach(systemOf({ name: 'web' }));
  const result = await platform.execute({
    kind: 'PublishEndpoints',
    id: 'old' as never,
    epoch: 1,
    at: { wall: 0, mono: 0, bootId: 'boot' },
    deadlineMs: 1000,
    reason: 'test',
    incident: undefined,
    table: { version: 1, system: 'shop', epoch: 1, seq: 1, endpoints: [] },
  });
  assert.deepEqual(result, { kind: 'stale' });
});
