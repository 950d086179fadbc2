// A database that somebody else runs, as it is declared, well and badly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { env, objectStore, postgres, secret, service } from '../declaration.ts';
import { parseSystem } from '../parse.ts';
import { unitsOf } from '../units.ts';

const vault = objectStore({ url: 'file:/mnt/vault' });
const parse = (db: object) =>
  parseSystem(
    { name: 'shop', resources: { vault, db: { ...postgres(), ...db } }, services: { web: service({ run: 'web.ts' }) } },
    { root: '/srv', id: 'x' },
  );

test('it is a reference, one node, and of a fingerprint of its own', () => {
  const { value, problems } = parse({ url: env('DB', 'postgres://localhost/app') });
  assert.deepEqual(problems, []);
  const url = { kind: 'env', name: 'DB', fallback: 'postgres://localhost/app' };
  assert.deepEqual(value?.resources['db'], { kind: 'postgres', name: 'db', database: 'app', port: undefined, url });
  const print = (db: object) => {
    const spec = parse(db).value;
    return spec && unitsOf(spec).find(({ name }) => name === 'db')?.fingerprint;
  };
  assert.equal(new Set([print({}), print({ url: secret('A') }), print({ url: secret('B') })]).size, 3);
});

test('a server of this machine may prove its backups', () => {
  const { value, problems } = parse({ url: secret('DB'), bin: '/usr/lib/postgresql/15/bin', backup: { to: 'vault' } });
  assert.deepEqual(problems, []);
  assert.equal(value?.resources['db']?.bin, '/usr/lib/postgresql/15/bin');
});

test('what it cannot be told is a problem', () => {
  const fields = { standbys: 2, durability: 'no-acked-loss', port: 5432, database: 'shop', bin: '/x' };
  for (const [field, value] of Object.entries(fields)) {
    const { problems } = parse({ url: secret('DB'), [field]: value });
    assert.deepEqual(
      problems.map(({ path }) => path),
      [`resources.db.${field}`],
    );
    assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, /nothing for a server elsewhere: .* leave it out/);
  }
  const { problems } = parse({ url: secret('DB'), backup: { to: 'vault', synchronous: true } });
  assert.equal(problems[0]?.path, 'resources.db.backup.synchronous');
  assert.match(problems[0]?.hint ?? '', /alter system/);
});

test('INV-12: an address in plain text is refused, and not repeated', () => {
  const parsed = parse({ url: 'postgres://shop:sesame@db.example.com/app' });
  assert.equal(parsed.value, undefined);
  assert.equal(parsed.problems[0]?.path, 'resources.db.url');
  assert.match(`${parsed.problems[0]?.message} ${parsed.problems[0]?.hint}`, /got text .*secret\('DATABASE_URL'\)/);
  assert.doesNotMatch(JSON.stringify(parsed), /sesame/);
});
