// The counter, asked without a socket: who is let in, what is answered, what is refused and how it says so.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { replicaId, type SystemView } from '@hale/model';
import { tellRecord, timePassed } from '@hale/ports/testing';
import type { FastifyInstance } from 'fastify';
import { openFeedReader } from '../journal/feed-reader.ts';
import { openSqliteJournal } from '../journal/sqlite.ts';
import { createSecretMask } from '../secret-mask.ts';
import { toyBrain } from '../testing.ts';
import type { ApiOutcome, ApiRequest } from './messages.ts';
import { createApiServer } from './server.ts';
import { createStreams } from './streams.ts';
import { createTrafficSum, withPromises } from './traffic-sum.ts';

const token = 'the-token-of-this-system';
const home = { host: '127.0.0.1:7000' };
const known = { ...home, authorization: `Bearer ${token}` };
const canary = 'hunter2-canary-secret';

function pictureOf(): SystemView {
  const view = toyBrain.viewOf(toyBrain.initialState(), { system: 'shop', id: 'x', zones: ['a'] });
  const unit = { unit: 'orders', role: 'service', wanted: 1, serving: 1, uses: [], state: 'healthy', why: '' } as const;
  return { ...view, units: [unit], replicas: [{ replica: replicaId('orders', 0) } as SystemView['replicas'][number]] };
}

interface Desk {
  readonly server: FastifyInstance;
  readonly asked: ApiRequest[];
  outcome: ApiOutcome;
}

const folder = mkdtempSync(join(tmpdir(), 'hale-api-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'assets/assets'), { recursive: true });
mkdirSync(join(folder, 'gateway'));
mkdirSync(join(folder, 'logs'));
writeFileSync(join(folder, 'assets/index.html'), '<!doctype html>the window');
writeFileSync(join(folder, 'assets/assets/app-1234.js'), 'let a');
writeFileSync(join(folder, 'secret.txt'), 'outside');
writeFileSync(join(folder, 'logs/orders-0.log'), `one\ntwo ${canary}\nthree\n`);
const totals = { requests: 10, failed: 1, severed: 0, retried: 2, held: 0, inFlight: 1 };
const perUnit = { orders: { requests: 10, failed: 1, p50Ms: 2, p99Ms: 9 } };
for (const n of [0, 1]) writeFileSync(join(folder, `gateway/${n}.json`), JSON.stringify({ v: 1, totals, perUnit }));
writeFileSync(join(folder, 'gateway/2.json'), '{"v":1,"tot');

const journalFile = join(folder, 'journal.db');
const journal = openSqliteJournal({ file: journalFile, wallMs: 0, onBroken: () => assert.fail() });
journal.append([timePassed, tellRecord('a'), timePassed, tellRecord('b'), tellRecord('c')], { durable: false });
const reader = openFeedReader(journalFile);
after(() => {
  reader.close();
  journal.close();
});

function openDesk(over: { view?: string | undefined; assets?: string } = {}): Desk {
  const clock = createVirtualClock();
  const asked: ApiRequest[] = [];
  const mask = createSecretMask();
  mask.learn([canary]);
  const traffic = createTrafficSum(folder, clock);
  const feed = () => reader;
  const desk = { asked, outcome: { ok: true, id: 'ticket' } as ApiOutcome };
  const server = createApiServer({
    token,
    view: () => ('view' in over ? over.view : JSON.stringify(pictureOf())),
    feed,
    traffic,
    streams: createStreams({ clock, feed, traffic }),
    logFolder: join(folder, 'logs'),
    mask,
    assetFolder: over.assets ?? join(folder, 'assets'),
    ask: async (request) => {
      asked.push(request);
      return desk.outcome;
    },
  });
  return Object.assign(desk, { server });
}

describe('who is let in', () => {
  // It remembers nobody, so all may come to the same one.
  const door = openDesk();
  const cases: [string, Record<string, string>, string, number, string | undefined][] = [
    ['the token', known, '/api/v1/system', 200, undefined],
    ['localhost', { ...known, host: 'localhost:9' }, '/api/v1/system', 200, undefined],
    ['a cookie', { ...home, cookie: `a=b; hale_token_7000=${token}` }, '/api/v1/system', 200, undefined],
    [
      'the cookie of another system',
      { ...home, cookie: `hale_token_9=${token}` },
      '/api/v1/system',
      401,
      'HALE_CONTROL_UNAUTHORIZED',
    ],
    ['its own page', { ...known, origin: 'http://127.0.0.1:7000' }, '/api/v1/system', 200, undefined],
    ['no token', home, '/api/v1/system', 401, 'HALE_CONTROL_UNAUTHORIZED'],
    ['no token, the page', home, '/', 200, undefined],
    ['no token, nowhere', home, '/nowhere', 404, 'HALE_CONTROL_NOT_FOUND'],
    ['no token, a spelled-out path', home, '/%61pi/v1/system', 401, 'HALE_CONTROL_UNAUTHORIZED'],
    ['no token, the stream', home, '/api/v1/stream?x=/', 401, 'HALE_CONTROL_UNAUTHORIZED'],
    ['a wrong token', { ...home, authorization: 'Bearer x' }, '/api/v1/system', 401, 'HALE_CONTROL_UNAUTHORIZED'],
    ['a wrong ?token=', home, '/?token=x', 401, 'HALE_CONTROL_UNAUTHORIZED'],
    ['DNS rebinding', { ...known, host: 'evil.example:7000' }, '/api/v1/system', 403, 'HALE_CONTROL_FOREIGN_HOST'],
    [
      'a name that begins like ours',
      { ...known, host: '127.0.0.1.evil.example' },
      '/',
      403,
      'HALE_CONTROL_FOREIGN_HOST',
    ],
    [
      'a foreign page',
      { ...known, origin: 'https://evil.example' },
      '/api/v1/system',
      403,
      'HALE_CONTROL_FOREIGN_ORIGIN',
    ],
    ['another local page', { ...known, origin: 'http://127.0.0.1:3000' }, '/', 403, 'HALE_CONTROL_FOREIGN_ORIGIN'],
    ['a page without origin', { ...known, origin: 'null' }, '/', 403, 'HALE_CONTROL_FOREIGN_ORIGIN'],
    ['health, no token', home, '/healthz', 200, undefined],
    ['health, foreign host', { host: 'evil.example' }, '/healthz', 403, 'HALE_CONTROL_FOREIGN_HOST'],
  ];
  for (const [title, headers, url, status, code] of cases) {
    it(`${title}: ${status}`, async () => {
      const answer = await door.server.inject({ url, headers });
      assert.equal(answer.statusCode, status, answer.body);
      if (code === undefined) return;
      const { error } = answer.json() as { error: { code: string; hint: string } };
      assert.equal(error.code, code);
      assert.ok(error.hint.length > 10);
      assert.ok(!answer.body.includes(token));
    });
  }

  it('?token= is traded for a cookie, and the browser sent to the same place without it', async () => {
    const answer = await door.server.inject({ url: `/x?a=1&token=${token}&b=2`, headers: home });
    assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/x?a=1&b=2']);
    assert.match(String(answer.headers['set-cookie']), /HttpOnly; SameSite=Strict/);
  });

  it('?token= never leads elsewhere', async () => {
    const answer = await door.server.inject({ url: `//evil.example/?token=${token}`, headers: home });
    assert.equal(answer.headers.location, '/evil.example/');
  });
});

describe('what is answered', () => {
  const usual = openDesk();
  const get = async (url: string, desk = usual) => desk.server.inject({ url, headers: known });

  it('the picture, and before the first one a word of patience', async () => {
    assert.equal((await get('/api/v1/system')).json().system, 'shop');
    const early = await get('/api/v1/system', openDesk({ view: undefined }));
    assert.deepEqual([early.statusCode, early.json().error.code], [503, 'HALE_CONTROL_NOT_READY']);
  });

  it('the story: newest lines, or those after a place', async () => {
    const texts = async (url: string) => ((await get(url)).json() as { text: string }[]).map((line) => line.text);
    assert.deepEqual(await texts('/api/v1/feed?limit=2'), ['b', 'c']);
    assert.deepEqual(await texts('/api/v1/feed?after=0&limit=2'), ['a', 'b']);
    assert.deepEqual(await texts('/api/v1/feed?after=4'), ['c']);
    const entries = (await get('/api/v1/journal?after=1&limit=2')).json() as { seq: number }[];
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      [2, 3],
    );
    assert.equal((await get('/api/v1/feed?after=-1')).statusCode, 400);
  });

  it('traffic of all workers, added up; a half-written file is passed over', async () => {
    const traffic = (await get('/api/v1/traffic')).json();
    assert.deepEqual([traffic.requests, traffic.retried, traffic.perUnit.orders.requests], [20, 4, 20]);
    assert.equal(traffic.perUnit.orders.p99Ms, 9);
  });

  it('INV-12: log lines, with secrets blacked out', async () => {
    for (const url of ['/api/v1/logs/orders%2F0?tail=2', '/api/v1/logs/orders/0?tail=2']) {
      const answer = await get(url);
      assert.deepEqual(answer.json(), { replica: 'orders/0', lines: ['two [secret]', 'three'] });
    }
  });

  it('no path leads out of the folders', async () => {
    for (const url of [
      '/api/v1/logs/..%2F..%2Fsecret',
      '/api/v1/logs/..%2Fsecret%2F0',
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
    ]) {
      const answer = await get(url);
      assert.equal(answer.statusCode, 404, url);
      assert.ok(!answer.body.includes('outside'));
    }
  });

  it('the dashboard, with a policy; unbuilt, how to build it', async () => {
    const page = await get('/');
    assert.match(page.body, /the window/);
    assert.match(String(page.headers['content-security-policy']), /default-src 'self'/);
    const asset = await get('/assets/app-1234.js');
    assert.match(String(asset.headers['cache-control']), /immutable/);
    const unbuilt = await get('/', openDesk({ assets: join(folder, 'nowhere') }));
    assert.equal(unbuilt.statusCode, 503);
    assert.match(unbuilt.body, /npm run build/);
  });

  it('an unknown incident', async () => {
    assert.equal((await get('/api/v1/incidents/nope')).json().error.code, 'HALE_CONTROL_UNKNOWN_INCIDENT');
  });
});

describe('what is asked for', () => {
  const post = (desk: Desk, url: string, payload: object | string) =>
    desk.server.inject({ method: 'POST', url, headers: { ...known, 'content-type': 'application/json' }, payload });

  it('an order goes to control and comes back with its id', async () => {
    const desk = openDesk();
    const order = { kind: 'restart', unit: 'orders', replica: 'orders/0' };
    const answer = await post(desk, '/api/v1/orders', { order });
    assert.deepEqual([answer.statusCode, answer.json()], [202, { id: 'ticket', accepted: true }]);
    assert.deepEqual(desk.asked, [{ kind: 'order', order, by: 'api' }]);
  });

  it('a release is declared', async () => {
    const desk = openDesk();
    const answer = await post(desk, '/api/v1/declare', { release: 3 });
    assert.deepEqual(answer.json(), { id: 'ticket', accepted: true, release: 3 });
  });

  const refusals: [string, string, object | string, number, RegExp][] = [
    [
      'an unknown service',
      '/api/v1/orders',
      { order: { kind: 'restart', unit: 'order' } },
      404,
      /did you mean: orders/,
    ],
    ['an unknown replica', '/api/v1/orders', { order: { kind: 'drain', replica: 'orders/7' } }, 404, /orders\/0/],
    ['an unknown kind', '/api/v1/orders', { order: { kind: 'explode' } }, 400, /HALE_CONTROL_BAD_REQUEST/],
    ['an unknown field', '/api/v1/orders', { order: { kind: 'shutdown', now: true } }, 400, /BAD_REQUEST/],
    ['no JSON', '/api/v1/orders', '{', 400, /BAD_REQUEST/],
    ['a body over the bound', '/api/v1/orders', { order: 'x'.repeat(70_000) }, 413, /BAD_REQUEST/],
    ['a release that is none', '/api/v1/declare', { release: 'x' }, 400, /release/],
  ];
  for (const [title, url, payload, status, text] of refusals) {
    it(`${title}: ${status}`, async () => {
      const desk = openDesk();
      const answer = await post(desk, url, payload);
      assert.equal(answer.statusCode, status, answer.body);
      assert.match(answer.body, text);
      assert.deepEqual(desk.asked, []);
    });
  }

  it('what control refuses is said in its own words', async () => {
    const desk = openDesk();
    desk.outcome = { ok: false, fault: { code: 'HALE_CONTROL_JOURNAL_FULL', message: 'm', hint: 'h' } };
    const answer = await post(desk, '/api/v1/orders', { order: { kind: 'shutdown' } });
    assert.deepEqual([answer.statusCode, answer.json().error.code], [507, 'HALE_CONTROL_JOURNAL_FULL']);
  });
});

describe('promises', () => {
  const traffic = createTrafficSum(folder, createVirtualClock());
  it('stand beside the traffic of those who made one', () => {
    const slo = { availability: 99, p99Ms: undefined };
    const none = { availability: undefined, p99Ms: undefined };
    assert.deepEqual(withPromises(traffic(), { orders: slo, payments: none }).promises, {
      orders: { availability: { objective: 99, measured: 90, met: false } },
    });
    assert.equal(withPromises(traffic(), { payments: none }).promises, undefined);
  });
});
