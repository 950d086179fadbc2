// The order book over a database that dies: what was acknowledged is there afterwards, what was not is said honestly.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Incarnation, replicaId } from '@hale/model';
import { parseSystem } from '@hale/model/parse';
import { postgresLauncher, postgresSupport, resourceUrl } from '@hale/platform/postgres';
import declaration from '../hale.config.ts';
import { crowdAt } from './crowd.ts';
import { startService, type TestLike } from './programs.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

interface Database {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

async function makeDatabase(t: TestLike): Promise<Database> {
  const root = mkdtempSync(join(tmpdir(), 'hale-shop-'));
  mkdirSync(join(root, 'run'));
  const { value: spec } = parseSystem(declaration, { root, id: '00000000-0000-4000-8000-000000000000' });
  const recipe = await postgresLauncher({
    ...{ spec: spec!, root, release: 1, unit: 'db', replica: replicaId('db', 0), ordinal: 0, zone: 'a', port: 1 },
    ...{ incarnation: 'I1' as Incarnation, runtimeDir: join(root, 'run') },
  });
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  const start = async () => {
    await recipe.prepare?.();
    const [program = '', ...args] = recipe.argv;
    const identity = recipe.uid === undefined ? {} : { uid: recipe.uid, gid: recipe.gid };
    child = spawn(program, args, { cwd: recipe.cwd, stdio: 'ignore', ...identity });
    for (let i = 0; (await recipe.check!(AbortSignal.timeout(2_000))).kind === 'fail'; i++) {
      if (i === 300 || child.exitCode !== null) assert.fail('the database does not serve');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  t.after(async () => {
    await kill();
    // Ends the children that a killed postmaster left, by the same way that a start does.
    await recipe.prepare?.();
    rmSync(root, { recursive: true, force: true });
  });
  await start();
  return { url: resourceUrl(spec!, 'db')!, start, kill };
}

test('orders survive a killed database; what was acknowledged is never lost and never double', { skip }, async (t) => {
  const database = await makeDatabase(t);
  const inventory = await startService(t, 'inventory.mjs');
  const payments = await startService(t, 'payments.ts');
  const orders = await startService(t, 'orders.ts', {
    ...{ DATABASE_URL: database.url, HALE_URL_INVENTORY: inventory.url, HALE_URL_PAYMENTS: payments.url },
  });
  const put = { method: 'PUT', path: '/orders/{id}' } as const;
  const post = { method: 'POST', path: '/orders' } as const;
  const order = { weight: 1, body: '{"sku":"tea","quantity":1}', keeps: true };
  const json = { 'content-type': 'application/json' };
  const load = crowdAt(t, orders.url, 50, {
    books: '/orders',
    mixes: {
      drill: [
        { ...order, ...put, headers: json },
        { ...order, ...post, headers: { ...json, 'idempotency-key': '{id}' } },
      ],
    },
  });
  await load.until((count) => count.ok >= 50);
  await database.kill();
  await load.until((count) => count.failed >= 5);
  assert.equal((await fetch(`${orders.url}/readyz`)).status, 200, 'an outage of the database takes no replica out');
  const { ok } = load.count();
  await database.start();
  await load.until((count) => count.ok >= ok + 50);
  const { lost, doubled, reasons } = await load.stop();
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 });
  assert.deepEqual(
    reasons.map((reason) => reason.replace(/^\d+ x /, '')),
    ['failed: status 503'],
    'the only failure is an honest one',
  );
  assert.equal(orders.said(), '', 'and nothing was worth a stack trace');
});
