// The door with a lock, on a real worker: HTTP/1.1 and HTTP/2 over TLS go the same way through the house, certificates change under
// open connections, and clients that abuse HTTP/2 or the handshake cost nobody else anything.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectStreams, constants, type OutgoingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createSystemClock } from '@hale/base';
import type { CertificateFiles } from './certificate.ts';
import { makeCertificate, withoutOpenssl } from './certificate-rig.ts';
import { defaultServerLimits } from './server.ts';
import { createTlsServer } from './tls-server.ts';
import { GatewayWorker } from './worker.ts';
import { createRig, type Rig, sendRaw, type TestReplica, until } from './worker-rig.ts';

const skip = withoutOpenssl() ?? false;

interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One request on a session; rejects when its stream is reset. */
function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<StreamAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let said: StreamAnswer['headers'] = {};
    let trailers: StreamAnswer['trailers'] = {};
    const pieces: Buffer[] = [];
    stream.on('response', (got) => (said = got as StreamAnswer['headers']));
    stream.on('trailers', (got) => (trailers = got as StreamAnswer['trailers']));
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('close', () => {
      if (said[':status'] === undefined) reject(new Error(`closed with ${stream.rstCode} and no answer`));
      else
        resolve({ status: Number(said[':status']), headers: said, trailers, body: Buffer.concat(pieces).toString() });
    });
    if (body !== undefined) stream.end(body);
  });
}

function open(rig: Rig): ClientHttp2Session {
  const session = connectStreams(`https://localhost:${rig.tlsPort}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  return session;
}

function getHttps(rig: Rig, path: string): Promise<{ status: number; body: string; subject: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: rig.tlsPort, path, rejectUnauthorized: false, agent: false };
    const req = httpsRequest(options, (res) => {
      let body = '';
      const socket = res.socket as import('node:tls').TLSSocket;
      const subject = String(socket.getPeerCertificate().subject.CN);
      res.on('data', (chunk) => (body += chunk));
      res.on('end', () => resolve({ status: res.statusCode!, body, subject }));
    });
    req.on('error', reject);
    req.end();
  });
}

/** The subject that a new handshake is shown. */
function subjectOf(rig: Rig): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port: rig.tlsPort, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', () => resolve('none'));
  });
}

describe('gateway over TLS', { skip }, () => {
  let rig: Rig;
  let app: TestReplica;
  let folder: string;
  let files: CertificateFiles;
  let [isAsked, isCut] = [false, false];
  let breakNext = 0;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hale-tls-'));
    files = makeCertificate(folder, 'first');
    rig = await createRig({ tls: files });
    app = await rig.replica((req, res) => {
      if (breakNext > 0 && req.url === '/break') {
        breakNext--;
        req.socket.destroy();
      } else if (req.url === '/odd-status') res.writeHead(799).end('odd');
      else if (req.url === '/odd-field') res.writeHead(200, { 'http2-settings': 'x' }).end('odd');
      else if (req.url === '/stuck') {
        isAsked = true;
        req.socket.on('close', () => (isCut = true));
      } else if (req.url === '/headers') res.end(JSON.stringify(req.headers));
      else if (req.url === '/cookies') res.setHeader('set-cookie', ['a=1', 'b=2']).end(req.headers.cookie);
      else if (req.url?.startsWith('/half')) {
        if (req.url === '/half') res.writeHead(200, { 'content-length': '100' });
        res.write('half', () => req.socket.destroy());
      } else if (req.url === '/trailers') {
        res.writeHead(200, { trailer: 'x-sum' });
        res.write('body');
        res.addTrailers({ 'x-sum': '4' });
        res.end();
      } else req.pipe(res);
    });
    rig.publish([app]);
    await until(() => rig.stats().replicas[app.incarnation] !== undefined, 'the worker has read the table');
  });
  after(async () => {
    await rig.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('HTTP/1.1 and HTTP/2, by what the client offers', async () => {
    const session = open(rig);
    const { host, 'x-forwarded-proto': proto } = JSON.parse((await ask(session, { ':path': '/headers' })).body);
    assert.deepEqual([host, proto, session.alpnProtocol], [`localhost:${rig.tlsPort}`, 'https', 'h2']);
    session.close();
    const plain = await getHttps(rig, '/headers');
    assert.deepEqual([plain.status, JSON.parse(plain.body)['x-forwarded-proto']], [200, 'https']);
  });

  test('bodies, lengths, cookies, HEAD and trailers', async () => {
    const session = open(rig);
    const large = 'abc'.repeat(500_000);
    const post = { ':path': '/', ':method': 'POST' };
    assert.equal((await ask(session, post, large)).body, large);
    assert.equal((await ask(session, { ...post, 'content-length': '5' }, 'small')).body, 'small');
    assert.equal((await ask(session, post, '')).body, '');
    const cookies = await ask(session, { ':path': '/cookies', cookie: ['x=1', 'y=2'] });
    assert.deepEqual([cookies.body, cookies.headers['set-cookie']], ['x=1; y=2', ['a=1', 'b=2']]);
    assert.equal((await ask(session, { ':path': '/', ':method': 'HEAD' })).status, 200);
    const trailed = await ask(session, { ':path': '/trailers' });
    assert.deepEqual([trailed.body, trailed.trailers['x-sum']], ['body', '4']);
    session.close();
  });

  test('a replica that dies in the middle is repeated; half an answer is reset', async () => {
    const session = open(rig);
    breakNext = 1;
    assert.equal((await ask(session, { ':path': '/break' })).status, 200);
    await assert.rejects(ask(session, { ':path': '/half' }), /_ERROR/);
    await assert.rejects(ask(session, { ':path': '/half-chunked' }), /_ERROR/);
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
    session.close();
  });

  test('a stream that is reset cancels its request upstream', async () => {
    const session = open(rig);
    const stream = session.request({ ':path': '/stuck' });
    stream.on('error', () => undefined);
    await until(() => isAsked && rig.stats().replicas[app.incarnation]?.inFlight === 1, 'it is under way');
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => isCut, 'the replica sees it');
    await until(() => rig.stats().replicas[app.incarnation]?.inFlight === 0, 'and it is counted off');
    session.close();
  });

  test('refusals are the same letters', async () => {
    const session = open(rig);
    const many = Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`x-${i}`, 'y']));
    const refused = await ask(session, { ':path': '/', ...many });
    assert.equal(refused.status, 431);
    assert.match(refused.body, /HEADERS_TOO_MANY/);
    session.close();
  });

  test('CONNECT is not a way out, and what HTTP/2 has no words for is reset; the worker stays', async () => {
    const session = open(rig);
    assert.equal((await ask(session, { ':method': 'CONNECT', ':authority': '127.0.0.1:1' })).status, 400);
    await assert.rejects(ask(session, { ':path': '/odd-status' }));
    await assert.rejects(ask(session, { ':path': '/odd-field' }));
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
    assert.equal(rig.workers[0]!.exitCode, null);
    session.close();
  });

  test('headers without end are refused, and the worker stays', async () => {
    const session = open(rig);
    const answer = ask(session, { ':path': '/', 'x-large': 'y'.repeat(60_000) });
    // Answered where there was time for it, else only reset.
    const status = await answer.then(
      (said) => said.status,
      () => 431,
    );
    assert.equal(status, 431);
    session.destroy();
    assert.equal((await getHttps(rig, '/')).status, 200);
  });

  test('rapid reset: the connection is closed, the worker stays, nothing is left under way', async () => {
    // By hand, because Node's own client takes requests back that it has not sent yet.
    const socket = connectTls({ port: rig.tlsPort, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    let isClosed = false;
    socket.resume().on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const [settings, headers, reset] = [4, 1, 3];
    const asked = Buffer.from('\x82\x87\x04\x06/stuck\x01\x09localhost', 'latin1');
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame({ type: settings, flags: 0, stream: 0 }));
    for (let id = 1; id < 2_000; id += 2) {
      socket.write(frame({ type: headers, flags: 0x5, stream: id }, asked));
      socket.write(frame({ type: reset, flags: 0, stream: id }, Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL])));
    }
    await until(() => isClosed, 'the connection is closed');
    await until(() => rig.stats().replicas[app.incarnation]?.inFlight === 0, 'nothing is under way');
    assert.equal((await getHttps(rig, '/')).status, 200);
  });

  test('HTTP in the clear is told what this port speaks', async () => {
    const seen = await sendRaw(rig.tlsPort, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(seen, /^HTTP\/1\.1 400 /);
    assert.match(seen, /HALE_PLATFORM_GATEWAY_TLS_EXPECTED/);
  });

  test('a hello cut off, an unknown protocol and TLS 1.1 harm nobody', async () => {
    const socket = connect(rig.tlsPort, '127.0.0.1', () => socket.end(Buffer.from([0x16, 3, 1, 0, 200, 1])));
    await new Promise((resolve) => socket.resume().on('close', resolve).on('error', resolve));
    const outcome = (options: object) =>
      new Promise((resolve) => {
        const tls = connectTls({ port: rig.tlsPort, rejectUnauthorized: false, ...options }, () => resolve('open'));
        tls.on('error', () => resolve('refused'));
        tls.on('close', () => tls.destroy());
      });
    assert.equal(await outcome({ ALPNProtocols: ['gopher'] }), 'refused');
    assert.equal(await outcome({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' }), 'refused');
    assert.equal((await getHttps(rig, '/')).status, 200);
  });

  test('a new certificate is taken live, a broken one is not, open connections stay', async () => {
    const session = open(rig);
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
    const second = makeCertificate(folder, 'second');
    for (const which of ['certFile', 'keyFile'] as const) {
      copyFileSync(second[which], `${files[which]}.new`);
      renameSync(`${files[which]}.new`, files[which]);
    }
    await until(async () => (await subjectOf(rig)) === 'second', 'the new one is shown');
    writeFileSync(files.certFile, 'no certificate');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(await subjectOf(rig), 'second');
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
    session.close();
  });
});

describe('gateway over TLS, slow hands', () => {
  test('who says nothing, or half a hello, is shown out', async () => {
    const worker = new GatewayWorker({ clock: createSystemClock(), seed: 1, ordinal: 0, zone: undefined });
    const limits = { ...defaultServerLimits, headersTimeoutMs: 200 };
    const { server } = createTlsServer(worker, limits);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    for (const hello of ['', '\x16', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']) {
      assert.doesNotMatch(await sendRaw(port, hello), /HTTP/);
    }
    await new Promise((resolve) => server.close(resolve));
    worker.close();
  });
});

describe('gateway over TLS, at its ends', { skip }, () => {
  test('SIGTERM: streams under way are finished, the connection is closed, the worker ends with 0', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hale-tls-'));
    const rig = await createRig({ tls: makeCertificate(folder, 'first') });
    try {
      let release: (() => void) | undefined;
      const app = await rig.replica((_req, res) => {
        release = () => res.end('finished');
      });
      rig.publish([app]);
      const session = open(rig);
      let saidGoodbye = false;
      session.on('goaway', () => (saidGoodbye = true));
      const waiting = ask(session, { ':path': '/' });
      await until(() => release !== undefined, 'it is under way');
      const ended = new Promise((resolve) => rig.workers[0]!.once('exit', (code) => resolve(code)));
      rig.workers[0]!.kill('SIGTERM');
      await until(() => saidGoodbye, 'GOAWAY');
      release?.();
      assert.equal((await waiting).body, 'finished');
      assert.equal(await ended, 0);
    } finally {
      await rig.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a certificate that is not there at the start: plain listeners serve, handshakes fail, a good one is taken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hale-tls-'));
    const files = { certFile: join(folder, 'late.crt'), keyFile: join(folder, 'late.key') };
    const rig = await createRig({ tls: files });
    try {
      rig.publish([await rig.replica((_req, res) => res.end('ok'))]);
      assert.equal(await (await fetch(rig.url)).text(), 'ok');
      assert.equal(await subjectOf(rig), 'none');
      makeCertificate(folder, 'late');
      await until(async () => (await subjectOf(rig)) === 'late', 'the late one is shown');
      assert.equal(rig.workers[0]!.exitCode, null);
    } finally {
      await rig.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** One frame of HTTP/2 (RFC 9113 section 4.1). */
function frame(
  { type, flags, stream }: { type: number; flags: number; stream: number },
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
