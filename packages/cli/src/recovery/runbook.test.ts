// The runbook names every database, every command in the order in which it must be typed, and no time that nobody measured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildPostgres, buildService, buildSystem } from '@hale/model/testing';
import type { Measured } from './measured.ts';
import { writeRunbook } from './runbook.ts';

const noWay =
  "there is no way back: declare postgres({ backup: { to: 'vault' } }) and its objectStore (docs/guides/backups.md)";

const resources = [buildPostgres({ name: 'db', standbys: 2 }), buildPostgres({ name: 'cache' })];
const declared = { keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false };
const spec = {
  ...buildSystem({ resources }),
  name: 'shop',
  backups: { db: { ...declared, url: 'file:vault', encrypt: { kind: 'secret', name: 'KEY' } as const } },
};
const input = { spec, stores: { db: 'file:/srv/shop/vault' }, secrets: ['TOKEN'], measured: [] };

test('what to type when the machine is lost, in order', () => {
  const { machine, databases } = writeRunbook(input);
  assert.deepEqual(
    machine.commands.map((line) => line.replace(/ +#.*/, '')),
    [
      ...['export KEY=...', 'export TOKEN=...', 'npx hale restore --house --from file:/srv/shop/vault --into ./shop'],
      ...['cd shop', 'npm ci', 'npx hale restore db --into new', 'npx hale up --detach --wait', 'npx hale dr status'],
    ],
  );
  assert.match(machine.warnings.join('\n'), /outlived the machine[\s\S]*relative[\s\S]*cache has no backup/);
  assert.match(machine.measured, /never measured: run hale drill run dr --bare --from file:\/srv\/shop\/vault/);
  assert.deepEqual(
    databases.map(({ database, nodes, measured }) => [database, nodes, measured]),
    [
      ['db', 3, 'never measured: run hale drill run dr'],
      ['cache', 1, noWay],
    ],
  );
});

test('the last measurement counts, and a failure is told as one', () => {
  const one: Measured = {
    ...{ kind: 'restore', at: 0, database: 'db', backup: 'x', ok: true, rtoMs: 2_000, rpoMs: 1_000, problems: [] },
  };
  const words = (measured: readonly Measured[]) => writeRunbook({ ...input, measured }).databases[0]?.measured ?? '';
  assert.match(
    words([
      { ...one, ok: false },
      { ...one, at: 5 },
    ]),
    /RTO 2\.0s, RPO 1\.0s, measured at 1970-01-01/,
  );
  assert.match(words([one, { ...one, ok: false, problems: ['a hole'] }]), /failed at 1970[^:]*.*: a hole/);
});

test('without any backup there is no runbook to pretend', () => {
  const { machine } = writeRunbook({ ...input, spec: { ...spec, backups: {} }, stores: {} });
  assert.deepEqual([machine.commands, machine.measured], [[], noWay]);
});

test('a server that somebody else runs: nothing is put in its place, and whoever must be told its new address is named', () => {
  const url = { kind: 'secret', name: 'SHOP_DATABASE' } as const;
  const services = [buildService({ name: 'web', uses: ['db'] }), buildService({ name: 'mail', uses: [] })];
  const theirs = (over: Parameters<typeof buildPostgres>[0]) => ({
    ...spec,
    ...buildSystem({ resources: [buildPostgres({ name: 'db', ...over })], services }),
  });
  const { databases, machine } = writeRunbook({ ...input, spec: theirs({ url }) });
  assert.deepEqual(
    databases[0]?.commands.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ +#.*/, '')),
    ['hale restore db --to latest --into ./db-restored', 'hale restart web', 'hale backup now --db db'],
  );
  assert.match(databases[0]?.commands.join('\n') ?? '', /SHOP_DATABASE=\.\.\. into \.hale\/secrets\.env/);
  assert.ok(!machine.commands.join('\n').includes('hale restore db'));
  assert.match(machine.warnings.join('\n'), /db is run by somebody else/);
  assert.doesNotMatch(machine.warnings.join('\n'), /begins empty/);

  const byEnv = theirs({ url: { kind: 'env', name: 'SHOP_DATABASE', fallback: undefined } });
  const commands = writeRunbook({ ...input, spec: byEnv }).databases[0]?.commands ?? [];
  assert.match(commands.join('\n'), /export SHOP_DATABASE=[\s\S]*hale down\nhale up/);
  const without = writeRunbook({ ...input, spec: { ...byEnv, backups: {} }, stores: {} }).databases[0];
  assert.match(without?.measured ?? '', /what its provider has/);
});
