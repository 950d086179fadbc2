// S3 and Azure as far as their emulators go: the contract, and a backup that goes there and comes back. What the emulators do not
// know (conditions at s3rver; versions and locks at both) is looked at in the requests that are sent; no real cloud was tried.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { createSystemClock } from '@hale/base';
import { storeContract } from '@hale/ports/testing';
import { openYard } from '../backup/backup-rig.ts';
import { takeBackup } from '../backup/base-backup.ts';
import { restore } from '../backup/restore.ts';
import { openVault } from '../backup/vault.ts';
import { postgresSupport } from '../postgres/support.ts';
import { startAzure, startS3 } from './cloud-rig.ts';
import { openStore } from './open-store.ts';
import { createS3Store } from './s3-store.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const clouds = { s3: await startS3('vault'), azure: await startAzure('vault') };
after(async () => {
  await clouds.s3.close();
  await clouds.azure.close();
});

let opened = 0;
for (const kind of ['s3', 'azure'] as const) {
  const open = () => openStore(`${kind}://vault/house-${opened++}`, { folder: '/', env: clouds[kind].env });
  storeContract(kind, { open: async () => ({ store: await open(), dispose() {} }) });

  test(`a backup goes to ${kind} and comes back`, { skip }, async (t) => {
    const yard = await openYard();
    t.after(() => yard.dispose());
    await yard.start();
    await yard.query('create table notes as select n, md5(n::text) as text from generate_series(1, 1000) n');
    const vault = openVault(await open(), { folder: 'shop/db', key: Buffer.alloc(32, 9) });
    await takeBackup({ url: yard.url(), vault, clock: yard.clock });
    await yard.kill();
    rmSync(yard.pgdata, { recursive: true });
    const { clock, engine } = yard;
    await restore({ vault, target: { kind: 'latest' }, folder: yard.pgdata, engine, clock });
    await yard.start();
    assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 1000);
  });
}

test('a bucket that is not there, a wrong key, and a store that is down are told apart', async () => {
  const at = async (url: string, env: Record<string, string | undefined>) =>
    (await openStore(url, { folder: '/', env })).list('');
  const { s3, azure } = clouds;
  await assert.rejects(at('s3://nowhere', s3.env), { code: 'HALE_PLATFORM_STORE_NO_BUCKET' });
  await assert.rejects(at('azure://nowhere', azure.env), { code: 'HALE_PLATFORM_STORE_NO_BUCKET' });
  await assert.rejects(at('s3://vault', { ...s3.env, AWS_ACCESS_KEY_ID: 'NOBODY' }), {
    code: 'HALE_PLATFORM_STORE_DENIED',
  });
  await assert.rejects(at('s3://vault', { ...s3.env, HALE_S3_ENDPOINT: 'http://127.0.0.1:9' }), {
    code: 'HALE_PLATFORM_STORE_DOWN',
    retriable: true,
  });
  await assert.rejects(at('azure://vault', {}), { code: 'HALE_PLATFORM_STORE_CREDENTIALS' });
  for (const url of ['ftp://x', 'vault', 'file:', 's3://']) {
    await assert.rejects(openStore(url, { folder: '/', env: {} }), { code: 'HALE_PLATFORM_STORE_URL' }, url);
  }
});

test('what is asked of a real S3: the condition, the lock, versions', async () => {
  const sent: { method: string; path: string; headers: Record<string, string>; query: object }[] = [];
  const answers: Record<string, { statusCode: number; body?: string }> = {
    'HEAD /vault/p/a': { statusCode: 404 },
    'GET /vault?versioning': {
      statusCode: 200,
      body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    },
    'GET /vault?object-lock': {
      statusCode: 404,
      body: '<Error><Code>ObjectLockConfigurationNotFoundError</Code><Message>no</Message></Error>',
    },
  };
  const client = new s3.S3Client({
    ...{ region: 'us-east-1', endpoint: 'http://s3.test', forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: {
      handle: async (request: { method: string; path: string; headers: Record<string, string>; query: object }) => {
        sent.push(request);
        const asked = Object.keys(request.query).find(
          (name) => answers[`${request.method} ${request.path.replace(/\/$/, '')}?${name}`],
        );
        const name = `${request.method} ${request.path.replace(/\/$/, '')}${asked === undefined ? '' : `?${asked}`}`;
        const { statusCode, body = '' } = answers[name] ?? { statusCode: 200 };
        const { Readable } = await import('node:stream');
        const response = {
          statusCode,
          headers: { 'content-type': 'application/xml' },
          body: Readable.from([Buffer.from(body)]),
        };
        return { response } as never;
      },
    },
  });
  const clock = { ...createSystemClock(), wall: () => Date.parse('2026-11-01T00:00:00Z') };
  const store = createS3Store(s3, client, { bucket: 'vault', prefix: 'p', lockDays: 14, clock });
  assert.equal(await store.putIfAbsent('a', Buffer.from('x')), 'stored');
  const put = sent.find(({ method }) => method === 'PUT');
  assert.equal(put?.headers['if-none-match'], '*');
  assert.equal(put?.headers['x-amz-object-lock-mode'], 'GOVERNANCE');
  assert.match(put?.headers['x-amz-object-lock-retain-until-date'] ?? '', /^2026-11-15T00:00:00/);
  answers['PUT /vault/p/a'] = { statusCode: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' };
  assert.equal(await store.putIfAbsent('a', Buffer.from('y')), 'there');
  assert.deepEqual(await store.capabilities(), {
    versioning: true,
    objectLock: false,
    note: 'object lock is off: whoever has these credentials may destroy every backup',
  });
});
