// INV-12: which values are struck out of what programs say, and which are too plain to be.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { EnvValue } from '@hale/model';
import { buildService, buildSystem } from '@hale/model/testing';
import { databasePasswords } from '@hale/platform/postgres';
import { secretValuesOf } from './secret-values.ts';

const root = mkdtempSync(join(tmpdir(), 'hale-secrets-'));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, '.hale', 'data', 'db'), { recursive: true });
writeFileSync(join(root, '.hale', 'data', 'db', 'password'), 'pg-canary-1\n');
writeFileSync(join(root, '.hale', 'secrets.env'), 'KEPT=kept-canary-2\n');
writeFileSync(join(root, 'web.env'), 'FILED=file-canary-3\nLEVEL=information\n');

const given = (name: string): EnvValue => ({ kind: 'env', name, fallback: undefined });
const cases: [title: string, env: Record<string, EnvValue>, value: string, hidden: string[]][] = [
  ['secret(), however plain', { A: { kind: 'secret', name: 'X' } }, 'word', ['word']],
  ['env() with a value like a key', { A: given('X') }, 'sk-canary-31bb', ['sk-canary-31bb']],
  ['env() with a plain word', { A: given('X') }, 'production', []],
  ['env() with a number', { A: given('X') }, '2026-11-22', []],
  ['env() with an address', { A: given('X') }, 'http://127.0.0.1:8080/x', []],
  ['env() with a path', { A: given('X') }, '/var/lib/shop-1', []],
  ['env() whose name says it', { DB_PASSWORD: given('X') }, 'word', ['word']],
  ['a URL with a password', { A: given('X') }, 'amqp://u:pw9x@h/', ['amqp://u:pw9x@h/', 'pw9x']],
  ['text under a name that says it', { API_TOKEN: { kind: 'text', text: 'plain-5' } }, '', ['plain-5']],
];

describe('values that nobody may read', () => {
  for (const [title, env, value, hidden] of cases) {
    it(title, () => {
      const spec = buildSystem({ root, services: [buildService({ env })] });
      const found = secretValuesOf(spec, { root, env: { X: value } }).filter((one) => one !== 'kept-canary-2');
      assert.deepEqual(found, hidden);
    });
  }
  it('the keys of backups and of their stores', () => {
    const backup = { url: 's3://b', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false };
    const backups = { db: { ...backup, encrypt: { kind: 'secret', name: 'KEY' } }, log: backup } as const;
    const env = { KEY: 'word', AWS_SECRET_ACCESS_KEY: 'aws-canary-7', AWS_REGION: 'here' };
    const spec = { ...buildSystem({ root, services: [] }), backups };
    assert.deepEqual(secretValuesOf(spec, { root, env }), ['kept-canary-2', 'word', 'aws-canary-7']);
  });
  it('those of files and of databases', () => {
    const db = { kind: 'postgres', name: 'db', database: 'app', port: undefined } as const;
    const services = [buildService({ envFile: join(root, 'web.env') })];
    const spec = { ...buildSystem({ root, services }), resources: { db } };
    const [own, other] = databasePasswords(root, 'db');
    assert.equal(own, 'pg-canary-1');
    const wanted = ['kept-canary-2', own, other, 'file-canary-3'];
    assert.deepEqual(secretValuesOf(spec, { root, env: {} }), wanted);
  });
});
