// The commands against a control room that is only a table of answers: what is printed, what is asked for, and the exit
// codes that scripts trust.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createSystemClock } from '@hale/base';
import type { Host } from '../host.ts';
import { commands } from '../main.ts';
import { runProgram } from '../program.ts';
import { systemAt } from '../system/running.ts';
import { createTerminal } from '../terminal/terminal.ts';

const token = 'the-token';
const stamp = { wall: 0, mono: 0, bootId: 'b' };
const unit = { unit: 'orders', role: 'service', wanted: 1, serving: 1, uses: [], state: 'healthy', why: '' };
const replica = {
  replica: 'orders/0',
  unit: 'orders',
  phase: 'serving',
  rotation: 'in',
  why: '',
  restarts: 0,
  zone: 'a',
  release: 1,
};
const incident = {
  id: '01ABC',
  unit: 'orders',
  replicas: ['orders/0'],
  cause: 'crash',
  title: 'orders/0 ended with SIGKILL',
  evidence: ['the kernel says so'],
  openedAt: stamp,
  outcome: 'open',
  remedies: [],
  rejected: [],
};
const healthy = {
  system: 'shop',
  id: 'x',
  release: 1,
  epoch: 1,
  at: stamp,
  state: 'healthy',
  zones: ['a'],
  zonesSimulated: true,
  units: [unit],
  replicas: [replica],
  incidents: [],
};

const promises = { orders: { availability: { objective: 99.9, measured: 99.5, met: false } } };

describe('commands at the counter', () => {
  const root = mkdtempSync(join(tmpdir(), 'hale-commands-'));
  const id = randomUUID();
  const { runtimeDir } = systemAt(root, id);
  const posted: unknown[] = [];
  let view: object = healthy;
  let story: object[] = [];
  let server: Server;

  before(async () => {
    server = createServer(async (request, response) => {
      const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
      if (request.url === '/healthz') return answer(200, { ok: true });
      if (request.headers.authorization !== `Bearer ${token}`) {
        return answer(401, {
          error: { code: 'HALE_CONTROL_UNAUTHORIZED', message: 'wrong token', hint: 'read api.json' },
        });
      }
      const path = request.url?.split('?')[0] ?? '';
      if (request.method === 'GET' && path === '/api/v1/feed') return answer(200, posted.length > 0 ? story : []);
      if (request.method === 'GET' && path === '/api/v1/traffic') return answer(200, { perUnit: {}, promises });
      if (request.method === 'GET') return answer(path === '/api/v1/system' ? 200 : 404, view);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      posted.push(JSON.parse(Buffer.concat(chunks).toString()));
      return answer(202, { id: 'o1' });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    mkdirSync(join(root, '.hale'));
    writeFileSync(join(root, '.hale', 'system.json'), JSON.stringify({ id, ports: {} }));
    mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
    saveAddress(token);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(root, { recursive: true, force: true });
    rmSync(runtimeDir, { recursive: true, force: true });
  });
  beforeEach(() => {
    view = healthy;
    posted.length = 0;
    story = [];
  });

  function saveAddress(known: string): void {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(runtimeDir, 'api.json'), JSON.stringify({ url, token: known }));
  }

  async function hale(...argv: string[]) {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const host: Host = {
      terminal: createTerminal({ stdout, stderr, env: {} }),
      clock: createSystemClock(),
      env: {},
      cwd: root,
      onInterrupt: () => () => {},
    };
    const code = await runProgram(host, argv, commands);
    return { code, said: `${stdout.read() ?? ''}${stderr.read() ?? ''}` };
  }

  const cases: [title: string, argv: string[], view: object, code: number, says: RegExp][] = [
    ['ps', ['ps'], healthy, 0, /orders {3}0 {8}● serving/],
    ['status when all is well', ['status'], healthy, 0, /shop {2}healthy/],
    ['status when not', ['status'], { ...healthy, state: 'degraded' }, 1, /degraded/],
    ['status as JSON', ['status', '--json'], { ...healthy, state: 'healing' }, 1, /"healthy":false/],
    ['no incidents', ['incidents'], healthy, 0, /nothing went wrong/],
    ['incidents', ['incidents'], { ...healthy, incidents: [incident] }, 0, /01ABC[\s\S]*hale explain 01ABC/],
    [
      'explain by service',
      ['explain', 'orders'],
      { ...healthy, incidents: [incident] },
      0,
      /still open[\s\S]*the kernel says so/,
    ],
    ['explain an unknown one', ['explain', '01AB-'], { ...healthy, incidents: [incident] }, 2, /did you mean 01ABC/],
    ['describe a replica', ['describe', 'orders/0'], healthy, 0, /traffic +in/],
    ['describe nobody', ['describe', 'order'], healthy, 2, /did you mean orders\?/],
    ['drain wants a replica', ['drain', 'orders'], healthy, 2, /hale drain orders\/0/],
    ['dashboard', ['dashboard'], healthy, 0, /\?token=the-token/],
  ];
  for (const [title, argv, given, code, says] of cases) {
    it(title, async () => {
      view = given;
      const ran = await hale(...argv);
      assert.match(ran.said, says);
      assert.equal(ran.code, code);
    });
  }

  const orders: [argv: string[], order: object][] = [
    [['restart', 'orders'], { kind: 'restart', unit: 'orders' }],
    [['restart', 'orders/0'], { kind: 'restart', unit: 'orders', replica: 'orders/0' }],
    [['scale', 'orders', '3'], { kind: 'scale', unit: 'orders', replicas: 3 }],
    [['drain', 'orders/0'], { kind: 'drain', replica: 'orders/0' }],
    [['undrain', 'orders/0'], { kind: 'undrain', replica: 'orders/0' }],
    [['resume', 'orders'], { kind: 'resume', unit: 'orders' }],
  ];
  for (const [argv, order] of orders) {
    it(`hale ${argv.join(' ')} asks for it`, async () => {
      assert.equal((await hale(...argv)).code, 0);
      assert.deepEqual(posted, [{ order }]);
    });
  }

  it('an order that is refused at once is no success', async () => {
    story = [{ seq: 1, at: stamp, kind: 'refused', text: 'orders can have one replica only' }];
    const { code, said } = await hale('scale', 'orders', '3');
    assert.equal(code, 1);
    assert.match(said, /orders can have one replica only/);
  });

  it('a broken promise is said', async () => {
    assert.match((await hale('status')).said, /orders {2}promise broken: answered 99.5 % \(promised 99.9 %\)/);
  });

  it('a wrong token is said, and never shown', async () => {
    saveAddress('another-token');
    const ran = await hale('ps');
    saveAddress(token);
    assert.equal(ran.code, 1);
    assert.match(ran.said, /wrong token[\s\S]*read api\.json/);
    assert.ok(!ran.said.includes('another-token'));
  });
});
