// What the doctor says of databases and stores: the build that runs, what copies on one disk are worth, what a store refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import { postgresSupport } from '@hale/platform/postgres';
import { machineBin, openYard, skipWithoutMachineServer } from '@hale/platform/testing';
import { createMemoryStore } from '@hale/ports/testing';
import type { Finding } from './health-check.ts';
import { examineState, storeFinding } from './state-check.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const lines = (findings: readonly Finding[]) => findings.map(({ verdict, found }) => `${verdict} ${found}`);

function buildRoot(t: { after(fn: () => void): void }): string {
  const root = mkdtempSync(join(tmpdir(), 'hale-doctor-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test('the build from npm is named as what it is, and copies on one disk too', { skip }, async (t) => {
  const root = buildRoot(t);
  const [fresh] = lines(await examineState(undefined, {}));
  assert.match(fresh ?? '', /^ok PostgreSQL 18\.\d+ from npm \(for development and small systems\), run /);
  const spec = buildSystem({ root, resources: [buildPostgres({ standbys: 2 })] });
  const [server, copies] = lines(await examineState(spec, {}));
  assert.match(server ?? '', /^ok db: PostgreSQL 18/);
  assert.match(copies ?? '', /^warn db: 3 nodes on one machine and its disk, and no backup/);
  const saved = {
    ...spec,
    backups: { db: { url: 'file:vault', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false } },
  };
  const [, same, store] = lines(await examineState(saved, {}));
  assert.match(same ?? '', /^warn .* and backups on that very disk/);
  assert.match(store ?? '', /^warn file:.*vault: versions: no, locks: no/);
  const far = {
    ...spec,
    backups: { db: { url: 's3://vault/shop', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false } },
  };
  const env = { HALE_S3_ENDPOINT: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  const [, other, down] = lines(await examineState(far, env));
  assert.equal(
    other,
    'ok db: 3 nodes on one machine and its disk; what survives it are the backups in s3://vault/shop',
  );
  assert.match(down ?? '', /^fail s3:\/\/vault\/shop: .*ECONNREFUSED/);
});

test('the machine’s own is named with its folder', { skip: skipWithoutMachineServer }, async (t) => {
  const spec = buildSystem({ root: buildRoot(t), resources: [buildPostgres({ bin: machineBin })] });
  const [server] = lines(await examineState(spec, {}));
  assert.match(server ?? '', new RegExp(`^ok db: PostgreSQL 1[5-8]\\.\\d+ .*from ${machineBin}, run `));
  const gone = buildSystem({ root: spec.root, resources: [buildPostgres({ bin: '/nowhere' })] });
  assert.match(lines(await examineState(gone, {}))[0] ?? '', /^fail db: \/nowhere\/initdb is missing/);
});

test('one elsewhere is asked', { skip }, async (t) => {
  const root = buildRoot(t);
  const fallback = 'postgres://shop:sesame@127.0.0.1:9/app';
  const away = buildPostgres({ url: { kind: 'env', name: 'HALE_TEST_AWAY', fallback } });
  const [down] = await examineState(buildSystem({ root, resources: [away] }), {});
  assert.match(`${down?.verdict} ${down?.found}`, /^fail db: 127\.0\.0\.1:9 does not answer: .*ECONNREFUSED/);
  assert.doesNotMatch(`${down?.found} ${down?.hint}`, /sesame/);
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const near = buildPostgres({ url: { kind: 'env', name: 'HALE_TEST_AWAY', fallback: yard.url() } });
  const found = lines(await examineState(buildSystem({ root, resources: [near] }), {}));
  assert.equal(found.length, 1, 'its copies are not ours to judge');
  assert.match(found[0] ?? '', /^ok db: PostgreSQL 18\.\d+ at 127\.0\.0\.1:\d+, run by somebody else$/);
});

test('a store is told by what it refuses; one that is silent is not waited for', async () => {
  const store = createMemoryStore();
  const able = { ...store, capabilities: async () => ({ versioning: true, objectLock: true, note: '' }) as const };
  const { verdict, found } = await storeFinding(async () => able);
  assert.equal(verdict, 'ok');
  assert.match(found, /versions: yes, locks: yes/);
  const unsure = { versioning: 'unknown', objectLock: false, note: 'it does not say' } as const;
  const doubted = await storeFinding(async () => ({ ...store, capabilities: async () => unsure }));
  assert.match(`${doubted.verdict} ${doubted.found}`, /^warn .*versions: it does not say, locks: no/);
  const clock = createVirtualClock();
  const silent = storeFinding(() => new Promise(() => {}), clock);
  clock.advance(10_000);
  assert.deepEqual((await silent).verdict, 'fail');
});
