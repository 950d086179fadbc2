// What a request carries, at a real worker: patience, importance, the purse of retries, and the key by which an unsafe request may be
// sent again. Replicas here are the test's own; what a key means to a service is proven in the SDK.
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createRig, type Rig, type TestReplica, until } from './worker-rig.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function send(port: number, method: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = httpRequest({ port, host: '127.0.0.1', method, path: '/', headers, agent: false }, (res) => {
      let text = '';
      res.on('data', (chunk) => (text += chunk));
      res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, body: text }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Answers with what it was told. */
const echo: RequestListener = (req, res) => {
  req.resume();
  req.on('end', () => res.end(JSON.stringify(req.headers)));
};
/** Takes the request and dies on it. */
const breaking =
  (seen: IncomingHttpHeaders[]): RequestListener =>
  (req) => {
    seen.push(req.headers);
    req.resume();
    req.on('end', () => req.socket.destroy());
  };
const refusing =
  (why: string, seen: { count: number } = { count: 0 }): RequestListener =>
  (req, res) => {
    seen.count++;
    req.resume();
    req.on('end', () => res.writeHead(503, { 'x-hale-refused': why }).end('refused'));
  };

async function put(rig: Rig, replicas: readonly TestReplica[]): Promise<void> {
  rig.publish(replicas);
  const listed = () => Object.keys(rig.stats().replicas).sort().join();
  const wanted = replicas.map((replica) => replica.incarnation).sort();
  await until(() => wanted.every((one) => listed().includes(one)), 'the worker has read the table');
}

describe('gateway, the words of a call', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ holdMs: 3000, tryTimeoutMs: 4000, timeoutMs: 6000 });
  });
  after(() => rig.close());

  test('each try is told its patience and its purse; an outsider is not believed, an insider is', async () => {
    await put(rig, [await rig.replica(echo)]);
    const carried = { 'x-hale-timeout-ms': '3000', 'x-hale-retries-left': '9', 'x-hale-priority': 'critical' };
    const told = async (port: number) => JSON.parse((await send(port, 'GET', carried)).body) as Record<string, string>;
    const outside = await told(rig.port);
    const inside = await told(rig.internalPort);
    assert.deepEqual([outside['x-hale-retries-left'], outside['x-hale-priority']], ['1', undefined]);
    assert.deepEqual([inside['x-hale-retries-left'], inside['x-hale-priority']], ['8', 'critical']);
    for (const { 'x-hale-timeout-ms': ms } of [outside, inside]) assert.ok(Number(ms) > 0 && Number(ms) <= 3000, ms);
  });

  test('patience that cannot be meant is 400, patience that is over 504', async () => {
    await put(rig, [await rig.replica(echo)]);
    for (const ms of ['-1', 'soon', '1.5', '']) {
      const { status, body } = await send(rig.port, 'GET', { 'x-hale-timeout-ms': ms });
      assert.equal(status, 400, ms);
      assert.match(body, /HALE_PLATFORM_GATEWAY_HEADER_INVALID.*x-hale-timeout-ms says/);
    }
    assert.equal((await send(rig.port, 'GET', { 'x-hale-timeout-ms': '0' })).status, 504);
  });

  test('a client in a hurry is not kept longer than it waits', async () => {
    await put(rig, [await rig.replica(() => undefined)]);
    const { status, body } = await send(rig.port, 'GET', { 'x-hale-timeout-ms': '200' });
    assert.deepEqual([status, body.includes('HALE_PLATFORM_GATEWAY_TIMEOUT')], [504, true]);
  });

  test('work that was not begun goes elsewhere, whatever the method; what that cost is told inside only', async () => {
    for (const why of ['shed', 'limit', 'draining']) {
      const seen = { count: 0 };
      let told = 0;
      const [bad, good] = [await rig.replica(refusing(why, seen)), await rig.replica(echo)];
      await put(rig, [bad, good]);
      for (let i = 0; i < 12; i++) {
        const { status, headers } = await send(rig.internalPort, 'POST', {}, 'pay');
        assert.equal(status, 200, why);
        told += Number(headers['x-hale-retries-spent'] ?? 0);
      }
      for (let i = 0; i < 12; i++) {
        const outside = await send(rig.port, 'POST', {}, 'pay');
        assert.deepEqual([outside.status, outside.headers['x-hale-retries-spent']], [200, undefined]);
      }
      assert.ok(seen.count > 0, `${why}: the refusing one was asked`);
      if (why === 'draining') assert.ok(seen.count < 12, `it was left alone: asked ${seen.count} times of 24`);
      // Draining costs nobody a coin: nothing is multiplied by it.
      assert.equal(told > 0, why !== 'draining', why);
    }
  });

  test('a final word, and one that everybody says, are passed on', async () => {
    for (const why of ['open', 'retries', 'deadline', 'shed']) {
      const seen = { count: 0 };
      const others = why === 'shed' ? [] : [await rig.replica(refusing(why, seen))];
      await put(rig, [await rig.replica(refusing(why, seen)), ...others]);
      const { status, headers, body } = await send(rig.internalPort, 'GET');
      assert.deepEqual([status, headers['x-hale-refused'], body, seen.count], [503, why, 'refused', 1]);
    }
  });

  test('with an empty purse nothing that was sent is sent again', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await put(rig, [await rig.replica(breaking(seen)), await rig.replica(breaking(seen))]);
    const { status } = await send(rig.internalPort, 'GET', { 'x-hale-retries-left': '0' });
    assert.deepEqual([status, seen.length], [502, 1]);
  });

  test('a service that enforces no keys: a POST that was sent is not sent again, key or not', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await put(rig, [await rig.replica(breaking(seen)), await rig.replica(breaking(seen))]);
    const { status } = await send(rig.port, 'POST', { 'idempotency-key': 'mine' }, 'pay');
    assert.deepEqual([status, seen.length], [502, 1]);
  });
});

describe('gateway, a service that enforces keys', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ holdMs: 5000, timeoutMs: 9000, keyed: ['app'] });
  });
  after(() => rig.close());

  test('a POST whose replica dies is sent again with the same key: its own, or one that the gateway gives', async () => {
    for (const key of [undefined, 'mine']) {
      const seen: IncomingHttpHeaders[] = [];
      await put(rig, [await rig.replica(breaking(seen)), await rig.replica(echo)]);
      for (let i = 0; seen.length === 0 && i < 50; i++) {
        const { status, body } = await send(
          rig.port,
          'POST',
          key === undefined ? {} : { 'idempotency-key': key },
          'pay',
        );
        assert.equal(status, 200);
        const got = JSON.parse(body)['idempotency-key'];
        if (key === undefined) assert.match(got, /^hale-[0-9A-Z]{26}$/);
        else assert.equal(got, key);
        if (seen.length > 0) assert.equal(seen[0]!['idempotency-key'], got);
      }
      assert.ok(seen.length > 0, 'the dying one was asked');
    }
  });

  test('one that hangs too', async () => {
    // Its patience is its own: a machine that is busy for a moment must not count as a replica that hangs elsewhere.
    const hasty = await createRig({ holdMs: 5000, tryTimeoutMs: 700, timeoutMs: 9000, keyed: ['app'] });
    try {
      await put(hasty, [await hasty.replica(() => undefined), await hasty.replica(echo)]);
      for (let i = 0; i < 4; i++) assert.equal((await send(hasty.port, 'POST', {}, 'pay')).status, 200);
    } finally {
      await hasty.close();
    }
  });

  test('409 to our second try is waited out; the client sees the outcome', async () => {
    const seen: IncomingHttpHeaders[] = [];
    let asked = 0;
    const busy: RequestListener = (req, res) => {
      req.resume();
      req.on('end', () => {
        if (seen.length === 0) return res.end('first');
        if (++asked <= 2) return res.writeHead(409, { 'retry-after': '0' }).end('in progress');
        return res.writeHead(201, { 'x-replayed': '1' }).end('done once');
      });
    };
    const dying = await rig.replica((req) => {
      seen.push(req.headers);
      req.resume().on('end', () => dying.kill());
    });
    await put(rig, [dying, await rig.replica(busy)]);
    let answer: Answer;
    do answer = await send(rig.port, 'POST', { 'idempotency-key': 'k' }, 'pay');
    while (seen.length === 0);
    assert.deepEqual([answer.status, answer.body], [201, 'done once']);
    assert.equal(asked, 3);
  });

  test('409 to a first try is the answer: the client itself has sent twice', async () => {
    let asked = 0;
    await put(rig, [
      await rig.replica((req, res) => {
        asked++;
        req.resume().on('end', () => res.writeHead(409, { 'retry-after': '1' }).end('in progress'));
      }),
    ]);
    const { status, headers, body } = await send(rig.port, 'POST', { 'idempotency-key': 'k' }, 'pay');
    assert.deepEqual([status, headers['retry-after'], body, asked], [409, '1', 'in progress', 1]);
  });

  test('safe methods get no key', async () => {
    await put(rig, [await rig.replica(echo)]);
    assert.equal(JSON.parse((await send(rig.port, 'GET')).body)['idempotency-key'], undefined);
  });
});
