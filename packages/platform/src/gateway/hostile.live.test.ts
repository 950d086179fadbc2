// Rude and clever clients against a real worker: what is ambiguous is refused (request smuggling), what is too much or too slow is
// cut off, and the replica behind never sees any of it.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createSystemClock } from '@hale/base';
import { createGatewayServer, defaultServerLimits, type ServerLimits } from './server.ts';
import { GatewayWorker } from './worker.ts';
import { createRig, type Rig, sendRaw, type TestReplica, until } from './worker-rig.ts';

const host = 'Host: x\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

/** Each is one way to make two parsers disagree about where a request ends (or what it says). */
const ambiguous: Readonly<Record<string, string>> = {
  'CL and TE': `POST / HTTP/1.1\r\n${host}Content-Length: 6\r\n${chunked}\r\n0\r\n\r\n${smuggled}`,
  'TE and CL': `POST / HTTP/1.1\r\n${host}${chunked}Content-Length: 6\r\n\r\n0\r\n\r\n${smuggled}`,
  'two different CL': `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab${smuggled}`,
  'two equal CL': `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na${smuggled}`,
  'CL with a sign': `POST / HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\na${smuggled}`,
  'CL in hex': `POST / HTTP/1.1\r\n${host}Content-Length: 0x1\r\n\r\na${smuggled}`,
  'CL as a list': `POST / HTTP/1.1\r\n${host}Content-Length: 1, 1\r\n\r\na${smuggled}`,
  'TE unknown': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'TE where chunked is not last': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
  'space before the colon': `POST / HTTP/1.1\r\n${host}Content-Length : 1\r\n\r\na${smuggled}`,
  'obs-fold': `GET / HTTP/1.1\r\n${host}X-A: one\r\n two\r\n\r\n`,
  'bare LF between fields': `GET / HTTP/1.1\r\nHost: x\nX-A: one\r\n\r\n`,
  'bare CR in a value': `GET / HTTP/1.1\r\n${host}X-A: on\re\r\n\r\n`,
  'NUL in a value': `GET / HTTP/1.1\r\n${host}X-A: on\0e\r\n\r\n`,
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'chunk size with a sign': `POST / HTTP/1.1\r\n${host}${chunked}\r\n+1\r\na\r\n0\r\n\r\n`,
  'no such method': `FROB / HTTP/1.1\r\n${host}\r\n`,
  'HTTP/9.9': `GET / HTTP/9.9\r\n${host}\r\n`,
  garbage: '\x16\x03\x01\x02\x00\x01\x00',
};

describe('gateway, hostile clients', () => {
  let rig: Rig;
  let app: TestReplica;
  let seen: string[] = [];
  before(async () => {
    rig = await createRig();
    app = await rig.replica((req, res) => {
      seen.push(`${req.method} ${req.url}`);
      req.resume();
      res.end('ok');
    });
    rig.publish([app]);
    await until(() => rig.stats().replicas[app.incarnation] !== undefined, 'the worker has read the table');
  });
  after(() => rig.close());

  for (const [name, text] of Object.entries(ambiguous)) {
    test(`refused: ${name}`, async () => {
      seen = [];
      const answer = await sendRaw(rig.port, text);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.ok(!seen.some((each) => each.includes('smuggled')), `the replica saw ${seen.join()}`);
      assert.equal(answer.match(/HTTP\/1\.1 200/g), null);
    });
  }

  test('a header of more than 16 kB is 431', async () => {
    const answer = await sendRaw(rig.port, `GET / HTTP/1.1\r\n${host}X-Big: ${'a'.repeat(20_000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  test('more than 100 fields are 431, not silently cut', async () => {
    const fields = Array.from({ length: 101 }, (_, i) => `X-${i}: 1\r\n`).join('');
    const answer = await sendRaw(rig.port, `GET / HTTP/1.1\r\n${host}Connection: close\r\n${fields}\r\n`);
    // Ours or Node's own, which since 24.x answers instead of cutting.
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  test('a body that trickles in is 408 and its connection closed', async () => {
    const impatient = await createRig({ timeoutMs: 1000 });
    try {
      impatient.publish([app]);
      await until(() => impatient.stats().replicas[app.incarnation] !== undefined, 'the worker has read the table');
      const answer = await sendRaw(impatient.port, `PUT / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nab`);
      assert.match(answer, /^HTTP\/1\.1 408 /);
      assert.match(answer, /connection: close/i);
    } finally {
      await impatient.close();
    }
  });

  test('an absolute target is understood, an asterisk refused', async () => {
    const close = 'Connection: close\r\n\r\n';
    assert.match(await sendRaw(rig.port, `GET http://x/a?b HTTP/1.1\r\n${host}${close}`), /^HTTP\/1\.1 200 /);
    assert.ok(seen.includes('GET /a?b'));
    assert.match(await sendRaw(rig.port, `OPTIONS * HTTP/1.1\r\n${host}${close}`), /^HTTP\/1\.1 40[04] /);
  });

  test('CONNECT is not a way out', async () => {
    const answer = await sendRaw(rig.port, `CONNECT 127.0.0.1:${app.port} HTTP/1.1\r\n${host}\r\n`);
    assert.doesNotMatch(answer, /HTTP\/1\.1 200/);
  });
});

describe('gateway server, slow clients', () => {
  const worker = new GatewayWorker({ clock: createSystemClock(), seed: 1, ordinal: 0, zone: undefined });
  after(() => worker.close());
  /** Each with no more limits than its test is about: one that is short cuts others off too where the machine is busy. */
  const listen = async (t: TestContext, limits: Partial<ServerLimits>): Promise<number> => {
    const server = createGatewayServer(worker, undefined, { ...defaultServerLimits, ...limits });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as { port: number }).port;
  };

  test('headers that trickle in are cut off with 408', async (t) => {
    const port = await listen(t, { headersTimeoutMs: 200, requestTimeoutMs: 400 });
    assert.match(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow'), /^HTTP\/1\.1 408 /);
  });

  test('a path without a route is 404 with what to write', async (t) => {
    const port = await listen(t, {});
    const answer = await sendRaw(port, `GET /nowhere HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 404 /);
    assert.match(answer, /gateway\.routes/);
  });

  test('connections beyond the bound are closed at once', async (t) => {
    const port = await listen(t, { connectionsMax: 3 });
    const open = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
    await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    assert.equal(await sendRaw(port, 'GET / HTTP/1.1\r\n'), '');
    for (const socket of open) socket.destroy();
  });
});
