// Real workers, real sockets: what must not be lost when replicas die, drain or are not there yet. Hostile clients are in hostile.live.test.ts.
import assert from 'node:assert/strict';
import { Agent, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createRig, type Rig, sendRaw, type TestReplica, until } from './worker-rig.ts';

const answer =
  (text: string): RequestListener =>
  (req, res) => {
    req.resume();
    req.on('end', () => res.end(text));
  };

/** Cuts the first `times` requests off without a byte of answer, then answers. */
function breaking(times: number, text: string): { handler: RequestListener; seen: () => number } {
  let seen = 0;
  return {
    seen: () => seen,
    handler: (req, res) => {
      req.resume();
      req.on('end', () => (++seen <= times ? req.socket.destroy() : res.end(text)));
    },
  };
}

/** Publishes and waits until the worker sends a request to the first of them. */
async function put(rig: Rig, replicas: readonly TestReplica[]): Promise<void> {
  rig.publish(replicas);
  const listed = () => replicas.every((replica) => rig.stats().replicas[replica.incarnation] !== undefined);
  await until(listed, 'the worker has read the table');
}

describe('gateway, against replicas that come and go', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ holdMs: 8000 });
  });
  after(() => rig.close());

  test('a connect failure is tried elsewhere, whatever the method', async () => {
    const dead = await rig.replica(answer('dead'));
    const live = await rig.replica(answer('live'));
    await put(rig, [dead, live]);
    dead.kill();
    for (let i = 0; i < 20; i++) {
      const res = await fetch(rig.url, { method: 'POST', body: 'once' });
      assert.deepEqual([res.status, await res.text()], [200, 'live']);
    }
  });

  test('an idempotent request whose replica dies in the middle is answered by another', async () => {
    const breaks = breaking(1000, 'never');
    const [bad, good] = [await rig.replica(breaks.handler), await rig.replica(answer('good'))];
    await put(rig, [bad, good]);
    for (let i = 0; i < 20; i++) {
      const res = await fetch(rig.url, { method: 'PUT', body: `body ${i}` });
      assert.deepEqual([res.status, await res.text()], [200, 'good']);
    }
    assert.ok(breaks.seen() > 0, 'the bad replica was tried');
  });

  test('a POST that was sent is never repeated', async () => {
    const breaks = breaking(1000, 'never');
    const bad = await rig.replica(breaks.handler);
    await put(rig, [bad]);
    const res = await fetch(rig.url, { method: 'POST', body: 'pay' });
    const { error } = (await res.json()) as { error: { code: string } };
    assert.deepEqual([res.status, error.code], [502, 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST']);
    assert.equal(breaks.seen(), 1);
  });

  test('a POST on a connection that its replica has closed meanwhile is not lost', async () => {
    const app = await rig.replica(answer('ok'));
    await put(rig, [app]);
    for (let i = 0; i < 50; i++) {
      const res = await fetch(rig.url, { method: 'POST', body: 'x' });
      assert.equal(`${res.status} ${await res.text()}`, '200 ok');
      app.server.closeIdleConnections();
    }
  });

  test('an answer that has begun and cannot be finished is cut off and counted as severed', async () => {
    const app = await rig.replica((req, res) => {
      res.writeHead(200, { 'Content-Length': '100' });
      res.write('half', () => req.socket.destroy());
    });
    await put(rig, [app]);
    const before = rig.stats().totals;
    const seen = await sendRaw(rig.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(seen, /half$/);
    await until(() => rig.stats().totals.severed === before.severed + 1, 'it is counted');
    assert.equal(rig.stats().totals.failed, before.failed);
  });

  test('a body too large to keep, whose replica dies, is 502 and its connection closed', async () => {
    const app = await rig.replica((req) => req.once('data', () => req.socket.destroy()));
    await put(rig, [app]);
    const head = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n';
    const seen = await sendRaw(rig.port, head + 'x'.repeat(100_000));
    assert.match(seen, /^HTTP\/1.1 502 /);
    assert.match(seen, /connection: close/i);
  });

  test('an answer of 500 is passed on as it is, counted, and not tried again', async () => {
    let tries = 0;
    const app = await rig.replica((_req, res) => {
      tries++;
      res.writeHead(500).end('broken');
    });
    await put(rig, [app]);
    const before = rig.stats().totals.failed;
    assert.equal(await get(rig.port, false), '500 broken');
    assert.equal(tries, 1);
    await until(() => rig.stats().totals.failed === before + 1, 'it is counted');
  });

  test('with nobody up requests are held, and answered once somebody is', async () => {
    rig.publish([]);
    await until(() => Object.keys(rig.stats().replicas).length === 0, 'the worker knows nobody');
    const waiting = Array.from({ length: 50 }, () => fetch(rig.url).then((res) => res.status));
    await until(() => rig.stats().totals.inFlight >= 50, 'all are held');
    const late = await rig.replica(answer('late'));
    rig.publish([late]);
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set([200]));
  });

  test('all replicas dead and the table not yet aware: held, not failed', async () => {
    const dead = await rig.replica(answer('dead'));
    await put(rig, [dead]);
    dead.kill();
    const waiting = fetch(rig.url).then((res) => res.text());
    const reborn = await rig.replica(answer('reborn'));
    await until(() => rig.stats().totals.inFlight >= 1, 'it is held');
    rig.publish([reborn]);
    assert.equal(await waiting, 'reborn');
  });

  test('a replica that is out while we wait for it is given up for another', async () => {
    const stuck = await rig.replica(() => undefined);
    const good = await rig.replica(answer('good'));
    await put(rig, [stuck]);
    const waiting = fetch(rig.url).then((res) => res.text());
    await until(() => (rig.stats().replicas[stuck.incarnation]?.oldestWaitMs ?? 0) > 600, 'it waits');
    stuck.state = 'out';
    rig.publish([stuck, good]);
    assert.equal(await waiting, 'good');
  });

  test('so is one that is out before we have waited long; one that drains is waited for', async () => {
    const stuck = await rig.replica(() => undefined);
    const good = await rig.replica(answer('good'));
    await put(rig, [stuck]);
    const young = fetch(rig.url).then((res) => res.text());
    await until(() => rig.stats().replicas[stuck.incarnation]?.inFlight === 1, 'it waits');
    stuck.state = 'out';
    await put(rig, [stuck, good]);
    assert.equal(await young, 'good');
    let finish: () => void = () => undefined;
    const leaving = await rig.replica((_req, res) => {
      finish = () => res.end('drained');
    });
    await put(rig, [leaving]);
    const patient = fetch(rig.url).then((res) => res.text());
    await until(() => (rig.stats().replicas[leaving.incarnation]?.oldestWaitMs ?? 0) > 600, 'it waits too');
    leaving.state = 'draining';
    const next = await rig.replica(answer('next'));
    await put(rig, [leaving, next]);
    finish();
    assert.equal(await patient, 'drained');
  });

  test('a flip of the table under load loses nothing', async () => {
    const old = await rig.replica(answer('old'));
    await put(rig, [old]);
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    let isRunning = true;
    const seen = new Map<string, number>();
    const walk = async () => {
      while (isRunning) {
        const key = await get(rig.port, agent);
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    };
    const crowd = Array.from({ length: 16 }, walk);
    await until(() => (seen.get('200 old') ?? 0) > 200, 'traffic flows');
    const fresh = await rig.replica(answer('new'));
    rig.publish([old, fresh]);
    await until(() => (seen.get('200 new') ?? 0) > 20, 'the new one takes part');
    old.state = 'draining';
    rig.publish([old, fresh]);
    await until(() => (rig.stats().replicas[old.incarnation]?.inFlight ?? 0) === 0, 'the old one is drained');
    old.kill();
    rig.publish([fresh]);
    const more = (seen.get('200 new') ?? 0) + 200;
    await until(() => (seen.get('200 new') ?? 0) > more, 'traffic flows on');
    isRunning = false;
    await Promise.all(crowd);
    agent.destroy();
    assert.deepEqual([...seen.keys()].sort(), ['200 new', '200 old']);
  });
});

describe('gateway, passing things through', () => {
  let rig: Rig;
  let app: TestReplica;
  before(async () => {
    rig = await createRig();
    app = await rig.replica(echo);
    app.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
      socket.on('error', () => socket.destroy());
    });
    await put(rig, [app]);
  });
  after(() => rig.close());

  test('an upgraded connection carries bytes both ways', async () => {
    const head = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const seen = await sendRaw(rig.port, `${head}first words`, (text) => text.includes('first words'));
    assert.match(seen, /^HTTP\/1.1 101 /);
    assert.match(seen, /first words$/);
  });

  test('h2c is not an upgrade that is passed on', async () => {
    const head = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n';
    assert.match(await sendRaw(rig.port, head), /^HTTP\/1.1 200 /);
  });

  test('bodies stream both ways while both are open', async () => {
    const req = httpRequest({ port: rig.port, method: 'POST', path: '/mirror' });
    req.write('one');
    const res = await new Promise<IncomingMessage>((resolve) => req.once('response', resolve));
    const pieces: string[] = [];
    res.on('data', (chunk) => pieces.push(String(chunk)));
    await until(() => pieces.join('') === 'one', 'the first piece is back before the second is sent');
    req.end('two');
    await until(() => pieces.join('') === 'onetwo' && res.complete, 'the rest is back');
  });

  test('a large body arrives whole', async () => {
    const body = Buffer.alloc(3_000_000, 'abc');
    const res = await fetch(`${rig.url}/mirror`, { method: 'PUT', body });
    assert.ok(Buffer.from(await res.arrayBuffer()).equals(body));
  });

  test('HEAD has the length and no body', async () => {
    const res = await fetch(`${rig.url}/plain`, { method: 'HEAD' });
    assert.deepEqual([res.status, res.headers.get('content-length'), await res.text()], [200, '5', '']);
  });

  test('Expect: 100-continue is answered before the body', async () => {
    const head = 'PUT /plain HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n';
    const seen = await sendRaw(rig.port, head, (text) => text.includes('100 Continue'));
    assert.match(seen, /^HTTP\/1.1 100 Continue/);
  });

  test('the envelope: hop-by-hop off, Host kept, X-Forwarded-* set, several cookies kept apart', async () => {
    const seen = await sendRaw(
      rig.internalPort,
      'GET /headers HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: 9.9.9.9\r\nX-Request-Id: r1\r\n' +
        'Connection: close, X-Secret\r\nX-Secret: no\r\nTE: trailers\r\nKeep-Alive: timeout=1\r\n\r\n',
    );
    assert.equal(seen.match(/set-cookie/gi)?.length, 2);
    const raw = JSON.parse(seen.slice(seen.indexOf('['), seen.lastIndexOf(']') + 1)) as string[];
    const headers = new Map(
      raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]!] as const] : [])),
    );
    assert.equal(headers.get('host'), 'shop.example');
    assert.equal(headers.get('x-forwarded-for'), '9.9.9.9, 127.0.0.1');
    assert.equal(headers.get('x-forwarded-host'), 'shop.example');
    assert.equal(headers.get('x-forwarded-proto'), 'http');
    assert.equal(headers.get('x-request-id'), 'r1');
    for (const gone of ['x-secret', 'te', 'keep-alive']) assert.equal(headers.get(gone), undefined, gone);
  });

  test('a client that leaves cancels its request upstream', async () => {
    let [isAsked, isCut] = [false, false];
    const slow = await rig.replica((req) => {
      isAsked = true;
      req.socket.on('close', () => (isCut = true));
    });
    await put(rig, [slow]);
    const socket = connect(rig.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    // It counts as under way before it has come there.
    await until(() => isAsked && rig.stats().replicas[slow.incarnation]?.inFlight === 1, 'it is under way');
    socket.destroy();
    await until(() => isCut, 'the replica sees it');
    await until(() => rig.stats().replicas[slow.incarnation]?.inFlight === 0, 'and it is counted off');
  });
});

describe('gateway workers', () => {
  test('one is killed: the other goes on with the same listener; SIGTERM ends with 0', async () => {
    const rig = await createRig({}, 2);
    try {
      const app = await rig.replica(answer('ok'));
      await put(rig, [app]);
      const [first, second] = rig.workers;
      const died = new Promise((resolve) => first!.once('exit', resolve));
      first!.kill('SIGKILL');
      await died;
      for (let i = 0; i < 20; i++) assert.equal(await get(rig.port, false), '200 ok');
      const ended = new Promise((resolve) => second!.once('exit', (code) => resolve(code)));
      second!.kill('SIGTERM');
      assert.equal(await ended, 0);
    } finally {
      await rig.close();
    }
  });

  test('one is frozen: what it holds waits, new connections are served by the other', async () => {
    const rig = await createRig({}, 2);
    try {
      const app = await rig.replica(answer('ok'));
      await put(rig, [app]);
      const [first] = rig.workers;
      const agents = Array.from({ length: 40 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
      for (const agent of agents) assert.equal(await get(rig.port, agent), '200 ok');
      first!.kill('SIGSTOP');
      for (let i = 0; i < 100; i++) assert.equal(await get(rig.port, false), '200 ok');
      const held = agents.map((agent) => get(rig.port, agent));
      first!.kill('SIGCONT');
      assert.deepEqual(new Set(await Promise.all(held)), new Set(['200 ok']));
      for (const agent of agents) agent.destroy();
    } finally {
      await rig.close();
    }
  });

  test('SIGTERM: what is under way is finished, with Connection: close', async () => {
    const rig = await createRig();
    try {
      let release: (() => void) | undefined;
      const app = await rig.replica((_req, res) => {
        release = () => res.end('finished');
      });
      await put(rig, [app]);
      const waiting = sendRaw(rig.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => release !== undefined, 'it is under way');
      rig.workers[0]!.kill('SIGTERM');
      await until(() => refuses(rig.port), 'nothing new is accepted');
      release?.();
      const seen = await waiting;
      assert.match(seen, /connection: close/i);
      assert.match(seen, /finished$/);
    } finally {
      await rig.close();
    }
  });
});

const echo: RequestListener = (req, res) => {
  if (req.url === '/mirror') return void req.pipe(res);
  if (req.url === '/headers') {
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    return void res.end(JSON.stringify(req.rawHeaders));
  }
  req.resume();
  res.writeHead(200, { 'Content-Length': '5' });
  return void res.end('plain');
};

/** 'status body' of a GET. */
function get(port: number, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = httpRequest({ port, agent }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += String(chunk);
      });
      res.on('end', () => resolve(`${res.statusCode} ${text}`));
    });
    req.on('error', reject);
    req.end();
  });
}

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}
