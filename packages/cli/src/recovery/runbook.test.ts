// The runbook names every database, every command in the order in which it must be typed, and no time that nobody measured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildPostgres, buildSystem } from '@hale/model/testing';
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
