// Backups as they are declared, well and badly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectStore, postgres, secret, service } from '../declaration.ts';
import { parseSystem } from '../parse.ts';

const parse = (resources: Record<string, unknown>, uses: readonly string[] = []) =>
  parseSystem(
    { name: 'shop', resources, services: { web: service({ run: 'web.ts', uses }) } },
    { root: '/srv', id: 'x' },
  );
const day = 86_400_000;
const vault = objectStore({ url: 's3://bucket/shop' });

test('a backup stands apart from its database, with its store and its default', () => {
  const { value, problems } = parse({ vault, db: postgres({ backup: { to: 'vault', encrypt: secret('KEY') } }) });
  assert.deepEqual(problems, []);
  assert.deepEqual(value?.backups, {
    db: {
      ...{ url: 's3://bucket/shop', keepMs: 14 * day, everyMs: day, proveMs: 7 * day, pitr: true, synchronous: false },
      encrypt: { kind: 'secret', name: 'KEY' },
    },
  });
  assert.deepEqual(Object.keys(value?.resources ?? {}), ['db'], 'a store is nothing that is run');
  assert.equal(parse({ vault, db: postgres() }).value?.backups, undefined);
});

test('what is wrong is said with a better line', () => {
  const rows: readonly [resources: Record<string, unknown>, path: string, says: RegExp, hint: RegExp][] = [
    [{ vault, db: postgres({ backup: { to: 'vualt' } }) }, 'resources.db.backup.to', /no object store/, /vault/],
    [{ db: postgres({ backup: { to: 'vault' } }) }, 'resources.db.backup.to', /no object store/, /objectStore\(/],
    [{ vault, db: { kind: 'postgres', backup: {} } }, 'resources.db.backup.to', /no store/, /objectStore\(/],
    [
      { vault, db: { kind: 'postgres', backup: { to: 'vault', every: '500ms' } } },
      'resources.db.backup.every',
      /too short/,
      /1s/,
    ],
    [
      { vault, db: postgres({ standbys: 2, durability: 'available', backup: { to: 'vault', synchronous: true } }) },
      'resources.db.backup.synchronous',
      /by itself/,
      /leave synchronous out/,
    ],
    [
      { vault, db: postgres({ standbys: 5, backup: { to: 'vault', synchronous: true } }) },
      'resources.db.backup.synchronous',
      /cannot for 5/,
      /standbys: 4/,
    ],
    [
      { vault, db: postgres({ backup: { to: 'vault', synchronous: true, pitr: false } }) },
      'resources.db.backup.synchronous',
      /not followed/,
      /leave pitr out/,
    ],
    [
      { vault, db: { kind: 'postgres', backup: { to: 'vault', keep: 14 } } },
      'resources.db.backup.keep',
      /a duration/,
      /14/,
    ],
    [
      { vault, db: { kind: 'postgres', backup: { to: 'vault', encrypt: 'abc' } } },
      'resources.db.backup.encrypt',
      /secret\(\)/,
      /secret\('BACKUP_KEY'\)/,
    ],
    [{ vault: objectStore({ url: 'ftp://x' }) }, 'resources.vault.url', /no store that Hale knows/, /s3:\/\//],
    [{ vault: { kind: 'object-store' } }, 'resources.vault.url', /no url/, /file:/],
  ];
  for (const [resources, path, says, hint] of rows) {
    const { value, problems } = parse(resources);
    assert.equal(value, undefined, path);
    const found = problems.filter((problem) => problem.path === path);
    assert.equal(found.length, 1, `${path}: ${JSON.stringify(problems)}`);
    assert.match(found[0]?.message ?? '', says);
    assert.match(found[0]?.hint ?? '', hint);
  }
});

test('a service cannot use a store', () => {
  const { problems } = parse({ vault }, ['vault']);
  assert.ok(
    problems.some(({ path }) => path === 'services.web.uses[0]'),
    JSON.stringify(problems),
  );
});

test('what is declared is what is done', () => {
  const said = { to: 'vault', every: '1h', prove: '1s', keep: '2h', pitr: true, synchronous: true } as const;
  const { value, problems } = parse({ vault, db: postgres({ backup: said }) });
  assert.deepEqual(problems, []);
  const { everyMs, proveMs, keepMs, pitr, synchronous } = value?.backups?.['db'] ?? {};
  assert.deepEqual([everyMs, proveMs, keepMs, pitr, synchronous], [3_600_000, 1_000, 7_200_000, true, true]);
});

test('commits of a cluster may wait for their log as well; not where it has to be able to go on by itself', () => {
  const resources = { vault, db: postgres({ standbys: 2, backup: { to: 'vault', synchronous: true } }) };
  const services = { web: service({ run: 'web.ts' }) };
  const root = { root: '/srv', id: 'x' };
  const here = parseSystem({ name: 'shop', resources, services }, root);
  assert.deepEqual(here.problems, []);
  assert.equal(here.value?.backups?.['db']?.synchronous, true);
  const apart = parseSystem({ name: 'shop', regions: ['eu', 'us'], resources, services }, root);
  const [problem] = apart.problems.filter(({ path }) => path === 'resources.db.backup.synchronous');
  assert.match(problem?.message ?? '', /another region/);
});
