// The real NGINX behind a whole pilot: what must not be lost when replicas come and go, when the pilot dies, when a configuration is refused.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { until } from '../gateway/worker-rig.ts';
import { createPilotRig, nginxAbsent, type PilotRig } from './pilot-rig.ts';

const answer =
  (text: string): RequestListener =>
  (req, res) => {
    req.resume();
    req.on('end', () => res.end(text));
  };

async function ask(rig: PilotRig, init: RequestInit = {}, path = '/'): Promise<{ status: number; text: string }> {
  const res = await fetch(rig.url + path, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(10_000),
    ...init,
  });
  return { status: res.status, text: await res.text() };
}

describe('nginx behind a pilot', { skip: nginxAbsent }, () => {
  let rig: PilotRig;
  before(async () => {
    rig = await createPilotRig({ keyed: [], routes: [{ prefix: '/', service: 'app' }] });
    rig.publish([await rig.replica('first', answer('first'))]);
    await rig.fly();
    assert.equal(rig.pilot.exitCode, null, rig.said());
  });
  after(() => rig.close());

  test('requests arrive with what a proxy must say, on the public socket and on the one of the service', async () => {
    const app = await rig.replica('echo', (req, res) =>
      res.end(req.url === '/' ? 'echo' : JSON.stringify([req.url, req.headers])),
    );
    await rig.settle([app]);
    const [url, headers] = JSON.parse(
      (await ask(rig, { headers: { connection: 'close', 'x-hale-priority': 'critical' } }, '/a%2Fb?c=d')).text,
    );
    assert.equal(url, '/a%2Fb?c=d');
    assert.deepEqual(
      [
        'host',
        'x-forwarded-for',
        'x-forwarded-proto',
        'x-forwarded-host',
        'x-hale-timeout-ms',
        'x-hale-priority',
        'idempotency-key',
      ].map((name) => headers[name]),
      [`127.0.0.1:${rig.port}`, '127.0.0.1', 'http', `127.0.0.1:${rig.port}`, '10000', 'critical', undefined],
    );
    const inner = await fetch(`http://127.0.0.1:${rig.internalPort}/inner`, { headers: { connection: 'close' } });
    assert.equal(inner.status, 200);
    assert.deepEqual((await ask(rig, { headers: { connection: 'close', 'x-hale-timeout-ms': '-5' } })).status, 400);
  });

  test('members change under load without a failed request', async () => {
    const [a, b, c] = [
      await rig.replica('a', answer('a')),
      await rig.replica('b', answer('b')),
      await rig.replica('c', answer('c')),
    ];
    await rig.settle([a]);
    const seen = new Set<string>();
    const failures: string[] = [];
    let isOver = false;
    const caller = async () => {
      while (!isOver) {
        const { status, text } = await ask(rig).catch((error) => ({ status: 0, text: String(error.cause ?? error) }));
        if (status === 200) seen.add(text);
        else failures.push(`${status} ${text}`);
      }
    };
    const callers = [caller(), caller(), caller(), caller()];
    for (const members of [[a, b], [b, c], [c], [a, c]]) {
      rig.publish(members);
      const last = members.at(-1)!;
      seen.delete(last.name);
      await until(() => seen.has(last.name), `${last.name} answers`);
    }
    // A killed one is found dead by NGINX before the table says so.
    a.kill();
    rig.publish([c]);
    isOver = true;
    await Promise.all(callers);
    assert.deepEqual(failures, []);
  });

  test('what is under way when its replica leaves is finished', async () => {
    let finish = () => {};
    const old = await rig.replica('old', (req, res) => {
      if (req.url === '/slow') finish = () => res.end('finished');
      else res.end('old');
    });
    await rig.settle([old]);
    const slow = ask(rig, {}, '/slow');
    await until(() => finish.length === 0 && String(finish).includes('finished'), 'the slow request arrives');
    await rig.settle([await rig.replica('new', answer('new'))]);
    finish();
    assert.deepEqual(await slow, { status: 200, text: 'finished' });
  });

  test('a request that finds nobody is held until somebody is there', async () => {
    const gone = await rig.replica('gone', answer('gone'));
    await rig.settle([gone]);
    gone.kill();
    rig.publish([]);
    const held = ask(rig, { method: 'POST', body: 'x' });
    const late = await rig.replica('late', answer('late'));
    await until(() => rig.stats().totals.held > 0 || rig.stats().totals.inFlight > 0, 'it is held');
    rig.publish([late]);
    assert.deepEqual(await held, { status: 200, text: 'late' });
  });

  test('a POST without keys that was sent is never repeated, and says so', async () => {
    let tries = 0;
    const bad = await rig.replica('bad', (req, res) => {
      if (req.method === 'GET') return void res.end('bad');
      tries++;
      req.resume();
      req.on('end', () => req.socket.destroy());
    });
    await rig.settle([bad]);
    const { status, text } = await ask(rig, { method: 'POST', body: 'pay' });
    assert.deepEqual([status, JSON.parse(text).error.code, tries], [502, 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST', 1]);
  });

  test('a keyed POST is repeated elsewhere with the same key, and a key is given where there was none', async () => {
    const keys: (string | undefined)[] = [];
    const handler =
      (name: string, breaks: boolean): RequestListener =>
      (req, res) => {
        if (req.method === 'GET') return void res.end(name);
        keys.push(req.headers['idempotency-key'] as string | undefined);
        req.resume();
        req.on('end', () => (breaks ? req.socket.destroy() : res.end(name)));
      };
    const [bad, good] = [
      await rig.replica('breaks', handler('breaks', true)),
      await rig.replica('good', handler('good', false)),
    ];
    rig.route({ keyed: ['app'] });
    await rig.settle([bad, good]);
    for (let i = 0; i < 8; i++)
      assert.deepEqual(await ask(rig, { method: 'POST', body: 'pay' }), { status: 200, text: 'good' });
    await ask(rig, { method: 'POST', body: 'pay', headers: { connection: 'close', 'idempotency-key': 'mine' } });
    assert.ok(keys.length > 9, 'the broken one was tried');
    assert.equal(new Set(keys).size, 9, 'one key a request');
    assert.ok(keys.slice(0, 3).every((key) => /^hale-[0-9a-f]{32}$/.test(key ?? '')));
    assert.equal(keys.at(-1), 'mine');
  });

  test('an upgrade passes', async () => {
    const app = await rig.replica('ws', answer('ws'));
    app.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    await rig.settle([app]);
    const socket = connect(rig.port, '127.0.0.1');
    let seen = '';
    socket.on('data', (bytes) => (seen += bytes));
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await until(() => seen.includes('101'), 'switched');
    socket.write('hello');
    await until(() => seen.endsWith('hello'), 'echoed');
    socket.destroy();
  });

  test('a refused configuration keeps the working one, and says what NGINX says', async () => {
    const app = await rig.replica('good', answer('good'));
    await rig.settle([app]);
    writeFileSync(`${rig.folder}/not-a-cert.pem`, 'x');
    rig.route({ timeoutMs: -1 });
    await until(() => rig.said().includes('HALE_PLATFORM_PROXY_REFUSED'), 'refused');
    assert.match(rig.said(), /NGINX refuses its configuration: .*"worker_shutdown_timeout"/);
    assert.deepEqual(await ask(rig), { status: 200, text: 'good' });
    rig.route({ timeoutMs: 10_000 });
    await rig.settle([await rig.replica('better', answer('better'))]);
  });

  test('a killed pilot stops nothing, and the next one adopts the program', async () => {
    const app = await rig.replica('app', answer('app'));
    await rig.settle([app]);
    const master = rig.masterPid();
    const ended = new Promise((resolve) => rig.pilot.once('exit', resolve));
    rig.pilot.kill('SIGKILL');
    await ended;
    for (let i = 0; i < 20; i++) assert.deepEqual(await ask(rig), { status: 200, text: 'app' });
    await rig.fly();
    assert.equal(rig.masterPid(), master);
    await rig.settle([await rig.replica('next', answer('next'))]);
    // A datagram may be lost: the count is an estimate.
    const counts = async () => (await ask(rig)).status === 200 && (rig.stats().perUnit['app']?.requests ?? 0) > 0;
    await until(counts, 'the new pilot counts');
  });

  test('a killed program is started again on the same sockets', async () => {
    const app = await rig.replica('app', answer('app'));
    await rig.settle([app]);
    const master = rig.masterPid();
    process.kill(-master, 'SIGKILL');
    await until(() => rig.masterPid() !== master, 'another one was started');
    await until(async () => (await ask(rig).catch(() => undefined))?.text === 'app', 'it answers');
  });
});
