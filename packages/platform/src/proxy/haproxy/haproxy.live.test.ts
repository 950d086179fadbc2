// The real HAProxy between real replicas: routing, membership under load, a refused text, holding, keys, TLS, and a pilot that dies.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { createSystemClock } from '@hale/base';
import type { CertificateFiles } from '../../gateway/certificate.ts';
import { makeCertificate, withoutOpenssl } from '../../gateway/certificate-rig.ts';
import type { ProxyConfig, ProxyMember } from '../proxy-program.ts';
import { overTls } from '../tls-guest.ts';
import { createHaproxyRig, type HaproxyRig, haproxyAbsent, type RigReplica } from './haproxy-rig.ts';
import type { Logbook } from './logbook.ts';

const skip = haproxyAbsent ?? false;

async function withRig(body: (rig: HaproxyRig) => Promise<void>): Promise<void> {
  const rig = await createHaproxyRig();
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

interface Seen {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function ask(url: string, init: RequestInit = {}): Promise<Seen> {
  const answer = await fetch(url, init);
  assert.equal(answer.status, 200, `${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as Seen;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Clients that ask without a pause until `stop`; gives what failed. */
function load(
  url: string,
  init: () => RequestInit = () => ({}),
): { stop(): Promise<{ total: number; failures: string[] }> } {
  const failures: string[] = [];
  let total = 0;
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      total++;
      await ask(url, init()).catch((error: Error) => failures.push(`${error.message} ${String(error.cause ?? '')}`));
    }
  };
  const clients = Array.from({ length: 8 }, client);
  return {
    async stop() {
      isOver = true;
      await Promise.all(clients);
      return { total, failures };
    },
  };
}

async function untilServedBy(rig: HaproxyRig, names: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  for (let i = 0; i < 500 && names.some((name) => !seen.has(name)); i++) seen.add((await ask(rig.url)).name);
  assert.deepEqual([...seen].sort(), [...names].sort());
}

test('routes end where segments end, the client is named, and nobody known is 404', { skip }, () =>
  withRig(async (rig) => {
    const [a, b] = await Promise.all([rig.replica('a'), rig.replica('b')]);
    const base = rig.config([a!]);
    const other = { ...base.services[0]!, name: 'other', members: [b!] };
    await rig.program.start({
      ...base,
      services: [base.services[0]!, other],
      routes: [
        { prefix: '/orders', service: 'app' },
        { prefix: '/orders/other/', service: 'other' },
      ],
    });
    assert.match(await rig.program.version(), /^\d+\.\d+/);
    assert.equal((await ask(`${rig.url}/orders?x=1`)).url, '/orders?x=1');
    assert.equal((await ask(`${rig.url}/orders/7`)).name, 'a');
    assert.equal((await ask(`${rig.url}/orders/other/7`)).name, 'b');
    const lost = await fetch(`${rig.url}/ordersx`);
    assert.equal(lost.status, 404);
    assert.match(await lost.text(), /HALE_PLATFORM_GATEWAY_NO_ROUTE/);
    const { headers } = await ask(`${rig.url}/orders`, { headers: { te: 'trailers' } });
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers['x-forwarded-host'], `127.0.0.1:${rig.port}`);
    assert.equal(headers['te'], undefined);
    assert.equal(headers['x-hale-timeout-ms'], '10000');
    for (const odd of ['-1', 'soon', '1e3']) {
      const refused = await fetch(`${rig.url}/orders`, { headers: { 'x-hale-timeout-ms': odd } });
      assert.equal(refused.status, 400, await refused.text());
    }
  }),
);

test('members come and go under load through the runtime socket, and no request fails', { skip }, () =>
  withRig(async (rig) => {
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => rig.replica(name, 2)));
    const [a, b, c] = replicas as [RigReplica, RigReplica, RigReplica];
    await rig.program.start(rig.config([a, b]));
    const running = JSON.parse(readFileSync(`${rig.folder}/haproxy.json`, 'utf8')) as { current: { pid: number } };
    const clients = load(rig.url);
    await untilServedBy(rig, ['a', 'b']);
    await rig.program.apply(rig.config([a, b, c]));
    await untilServedBy(rig, ['a', 'b', 'c']);
    await rig.program.apply(rig.config([b, c]));
    await untilServedBy(rig, ['b', 'c']);
    await a.kill();
    const next = await rig.replica('d', 2);
    await rig.program.apply(rig.config([next, c]));
    await untilServedBy(rig, ['d', 'c']);
    // Killed while it is still a member: whatever it had is asked elsewhere.
    await c.kill();
    await untilServedBy(rig, ['d']);
    const { failures } = await clients.stop();
    assert.deepEqual(failures, []);
    const after = JSON.parse(readFileSync(`${rig.folder}/haproxy.json`, 'utf8')) as { current: { pid: number } };
    assert.equal(after.current.pid, running.current.pid);
    const tally = await rig.program.tally();
    assert.ok(tally.totals.requests > 50 && tally.totals.failed === 0);
    assert.ok(tally.replicas['d']!.requests > 0);
    assert.ok(tally.perUnit['app']!.requests >= tally.replicas['d']!.requests);
  }),
);

test('new routes under load start a new life and cut nobody off; a refused one leaves the working one', { skip }, () =>
  withRig(async (rig) => {
    const a = await rig.replica('a', 1);
    await rig.program.start(rig.config([a]));
    const clients = load(rig.url);
    const more: ProxyConfig['routes'] = [
      { prefix: '/', service: 'app' },
      { prefix: '/more', service: 'app' },
    ];
    for (let i = 0; i < 3; i++)
      await rig.program.apply(rig.config([a], { routes: i % 2 === 0 ? more : more.slice(0, 1) }));
    const wrong = rig.config([a], { routes: [{ prefix: '/', service: 'nobody' }] });
    await assert.rejects(rig.program.check(wrong), { code: 'HALE_PLATFORM_PROXY_REFUSED' });
    await assert.rejects(rig.program.apply(wrong), { code: 'HALE_PLATFORM_PROXY_REFUSED', message: /nobody/ });
    await assert.rejects(rig.program.apply(rig.config([a], { routes: [{ prefix: '/a\nb', service: 'app' }] })), {
      code: 'HALE_PLATFORM_PROXY_REFUSED',
    });
    await untilServedBy(rig, ['a']);
    assert.ok(rig.program.isRunning());
    const { failures } = await clients.stop();
    assert.deepEqual(failures, []);
  }),
);

test(
  'while none is up the holder is asked, and a keyed POST is asked elsewhere when its replica is killed',
  { skip },
  () =>
    withRig(async (rig) => {
      const [slow, quick] = await Promise.all([rig.replica('slow', 60_000), rig.replica('quick')]);
      await rig.holder((_req, res) => res.end(JSON.stringify({ name: 'holder' })));
      const keyed = { idempotencyKeys: true };
      await rig.program.start(rig.config([], {}, keyed));
      assert.equal((await ask(rig.url, { method: 'POST', body: 'x' })).name, 'holder');
      await rig.program.apply(rig.config([slow!], {}, keyed));
      const given = ask(rig.url, { method: 'POST', body: 'pay' });
      await untilInFlight(rig, 'slow');
      await rig.program.apply(rig.config([slow!, quick!], {}, keyed));
      await slow!.kill();
      const seen = await given;
      assert.equal(seen.name, 'quick');
      assert.equal(seen.body, 'pay');
      assert.match(seen.headers['idempotency-key']!, /^hale-[0-9a-f-]{36}$/);
      const own = await ask(rig.url, { method: 'POST', headers: { 'idempotency-key': 'mine' } });
      assert.equal(own.headers['idempotency-key'], 'mine');
      // All dead and still members: the first to be refused is passed over, and the holder takes it.
      await quick!.kill();
      assert.equal((await ask(rig.url)).name, 'holder');
    }),
);

test('without keys a POST that a replica took to its grave is 502 and is not sent twice', { skip }, () =>
  withRig(async (rig) => {
    const [slow, quick] = await Promise.all([rig.replica('slow', 60_000), rig.replica('quick')]);
    await rig.program.start(rig.config([slow!]));
    const given = fetch(rig.url, { method: 'POST', body: 'pay' });
    await untilInFlight(rig, 'slow');
    await rig.program.apply(rig.config([quick!]));
    await slow!.kill();
    const answer = await given;
    assert.equal(answer.status, 502);
    assert.match(await answer.text(), /HALE_PLATFORM_GATEWAY_UPSTREAM_LOST/);
  }),
);

test('who leaves finishes what it has, and is named as waiting meanwhile', { skip }, () =>
  withRig(async (rig) => {
    const [slow, quick] = await Promise.all([rig.replica('slow', 'told'), rig.replica('quick')]);
    await rig.program.start(rig.config([slow!]));
    const given = ask(rig.url, { method: 'POST', body: 'pay' });
    await untilInFlight(rig, 'slow');
    await rig.program.apply(rig.config([quick!]));
    assert.equal((await ask(rig.url)).name, 'quick');
    slow!.process.kill('SIGUSR2');
    assert.equal((await given).name, 'slow');
  }),
);

test('a connection is upgraded, and lives on after a change of routes', { skip }, () =>
  withRig(async (rig) => {
    const a = await rig.replica('a');
    await rig.program.start(rig.config([a]));
    const headers = { connection: 'upgrade', upgrade: 'echo' };
    const socket = await new Promise<NodeJS.ReadWriteStream>((resolve, reject) => {
      httpRequest(rig.url, { headers })
        .on('upgrade', (_res, stream) => resolve(stream))
        .on('error', reject)
        .end();
    });
    await rig.program.apply(rig.config([a], { routes: [{ prefix: '/x', service: 'app' }] }));
    socket.write('still here');
    assert.equal(String(await new Promise((resolve) => socket.once('data', resolve))), 'still here');
    (socket as unknown as { destroy(): void }).destroy();
  }),
);

test('a new pilot adopts what runs and seats who came meanwhile', { skip }, () =>
  withRig(async (rig) => {
    const [a, b] = await Promise.all([rig.replica('a'), rig.replica('b')]);
    await rig.program.start(rig.config([a!]));
    const before = await rig.program.tally();
    rig.program.close();
    const next = rig.pilot();
    await next.start(rig.config([a!, b!]));
    await untilServedBy(rig, ['a', 'b']);
    const tally = await next.tally();
    assert.ok(tally.totals.requests >= before.totals.requests);
    assert.ok(tally.replicas['b']!.requests > 0);
    assert.equal(next.isRunning() && rig.program.isRunning(), true);
    await next.stop(1000);
    assert.equal(rig.program.isRunning(), false);
  }),
);

test(
  'TLS speaks HTTP/1.1 and HTTP/2; a new certificate is taken live, a broken one leaves the good one',
  { skip: skip || (withoutOpenssl() ?? false) },
  () =>
    withRig(async (rig) => {
      const a = await rig.replica('a');
      const [first, second] = [makeCertificate(rig.folder, 'first'), makeCertificate(rig.folder, 'second')];
      const tlsOf = (files: CertificateFiles, mark: string) => rig.config([a], { tls: { ...files, mark } });
      await rig.program.start(tlsOf(first, '1'));
      assert.deepEqual(await visit(rig, 'h2'), { subject: 'first', protocol: 'h2', proto: 'https' });
      assert.deepEqual(await visit(rig, 'http/1.1'), { subject: 'first', protocol: 'http/1.1', proto: 'https' });
      const life = readFileSync(`${rig.folder}/haproxy.json`, 'utf8');
      await rig.program.apply(tlsOf(second, '2'));
      assert.equal((await visit(rig, 'h2')).subject, 'second');
      const mixed = { certFile: first.certFile, keyFile: second.keyFile };
      await assert.rejects(rig.program.apply(tlsOf(mixed, '3')), { code: 'HALE_PLATFORM_PROXY_REFUSED' });
      assert.equal((await visit(rig, 'h2')).subject, 'second');
      assert.equal(readFileSync(`${rig.folder}/haproxy.json`, 'utf8'), life);
    }),
);

test('a program that was killed is started again, with whoever was killed with it put out', { skip }, () =>
  withRig(async (rig) => {
    const a = await rig.replica('a');
    await rig.program.start(rig.config([a]));
    const { current } = JSON.parse(readFileSync(`${rig.folder}/haproxy.json`, 'utf8')) as { current: { pid: number } };
    process.kill(current.pid, 'SIGKILL');
    for (let i = 0; i < 500 && rig.program.isRunning(); i++) await pause();
    assert.equal(rig.program.isRunning(), false);
    await rig.program.start(rig.config([a]));
    assert.equal((await ask(rig.url)).name, 'a');
  }),
);

test('a program that was stopped is killed, so that it is started again', { skip }, () =>
  withRig(async (rig) => {
    await rig.program.start(rig.config([]));
    const { current } = JSON.parse(readFileSync(`${rig.folder}/haproxy.json`, 'utf8')) as Logbook;
    process.kill(current!.pid, 'SIGSTOP');
    await assert.rejects(rig.program.tally(), { code: 'HALE_PLATFORM_PROXY_FAILED' });
    for (let i = 0; i < 500 && rig.program.isRunning(); i++) await pause();
    assert.equal(rig.program.isRunning(), false);
  }),
);

test('a life that a killed pilot was just starting is found and sent home', { skip }, () =>
  withRig(async (rig) => {
    const a = await rig.replica('a');
    await rig.program.start(rig.config([a]));
    const file = `${rig.folder}/haproxy.json`;
    const book = JSON.parse(readFileSync(file, 'utf8')) as Logbook;
    // As it stands while a pilot waits for its first life to answer.
    writeFileSync(file, JSON.stringify({ ...book, current: undefined, nextSocket: book.current!.socket }));
    const next = rig.pilot();
    await next.start(rig.config([a]));
    for (let i = 0; i < 500 && rig.program.isRunning(); i++) await pause();
    assert.equal(rig.program.isRunning(), false);
    assert.equal((await ask(rig.url)).name, 'a');
    await next.stop(0);
  }),
);

test('the program itself reads every kind of line that can be drawn', { skip }, () =>
  withRig(async (rig) => {
    const base = rig.config([{ incarnation: 'x', address: '::1', port: 4001, weight: 7 } as ProxyMember]);
    const app = base.services[0]!;
    await rig.program.check({
      ...base,
      services: [app, { ...app, name: 'keyed', idempotencyKeys: true, members: [] }],
      routes: [
        { prefix: `/o'r "q" %[x] { } # \\`, service: 'keyed' },
        { prefix: '/a/', service: 'app' },
        { prefix: '/', service: 'app' },
      ],
      bodyBytesMax: 0,
      workers: 4,
    });
    assert.equal(rig.program.isRunning(), false);
  }),
);

test('a program that is not there is named, with what to install', { skip: false }, async () => {
  const { createHaproxy } = await import('./program.ts');
  const none = createHaproxy({
    bin: '/nonexistent/haproxy',
    folder: '/tmp',
    env: {},
    clock: createSystemClock(),
    say: () => undefined,
  });
  await assert.rejects(none.version(), { code: 'HALE_PLATFORM_PROXY_MISSING', hint: /apt-get install/ });
  const other = createHaproxy({
    bin: process.execPath,
    folder: '/tmp',
    env: {},
    clock: createSystemClock(),
    say: () => undefined,
  });
  await assert.rejects(other.version(), { code: 'HALE_PLATFORM_PROXY_MISSING' });
});

/** One request over TLS: whose certificate it was, what was spoken, and what the replica was told of it. */
async function visit(rig: HaproxyRig, by: 'h2' | 'http/1.1') {
  const { subject, protocol, text } = await overTls(rig.tlsPort, by);
  return { subject, protocol, proto: (JSON.parse(text) as Seen).headers['x-forwarded-proto'] };
}

async function untilInFlight(rig: HaproxyRig, name: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const { replicas } = await rig.program.tally();
    if ((replicas[name]?.inFlight ?? 0) > 0) return;
    await pause();
  }
  assert.fail(`${name} was given nothing`);
}
