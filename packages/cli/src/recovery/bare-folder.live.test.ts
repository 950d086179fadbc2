// Packages where the original's are out of reach: by the lockfile, or said why not; and ports that are nobody else's.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildGateway, buildPostgres, buildService, buildSystem } from '@hale/model/testing';
import { bringPackages, isElsewhere, withFreePorts } from './bare-folder.ts';
import type { StoredHouse } from './house.ts';

const house = (about: object) => ({ about }) as StoredHouse;

test('linked, installed, or said why not', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hale-packages-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = (name: string) => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const [linked, installed, broken, none] = ['linked', 'installed', 'broken', 'none'].map(folder) as [
    string,
    string,
    string,
    string,
  ];
  mkdirSync(join(root, 'node_modules'));
  assert.equal((await bringPackages(house({ modules: join(root, 'node_modules') }), linked)).how, 'linked');
  assert.ok(lstatSync(join(linked, 'node_modules')).isSymbolicLink());

  const gone = { modules: join(root, 'gone'), lockfile: 'package-lock.json' };
  const own = { name: 'shop', version: '1.0.0', dependencies: { part: 'file:part' } };
  mkdirSync(join(installed, 'part'));
  writeFileSync(join(installed, 'part', 'package.json'), '{ "name": "part", "version": "1.0.0" }');
  writeFileSync(join(installed, 'package.json'), JSON.stringify(own));
  const packages = { '': own, 'node_modules/part': { resolved: 'part', link: true }, part: { version: '1.0.0' } };
  writeFileSync(join(installed, 'package-lock.json'), JSON.stringify({ ...own, lockfileVersion: 3, packages }));
  assert.deepEqual(await bringPackages(house(gone), installed), { how: 'installed', problem: '' });
  assert.ok(existsSync(join(installed, 'node_modules', 'part')));

  writeFileSync(join(broken, 'package.json'), '{ "name": "shop" }');
  assert.match((await bringPackages(house(gone), broken)).problem, /^npm ci failed: /);
  assert.match((await bringPackages(house({ modules: undefined, lockfile: undefined }), none)).problem, /no lockfile/);
});

test('whatever had a port of its own gets another', () => {
  const spec = buildSystem({
    gateway: buildGateway({ port: 8080 }),
    services: [buildService({ name: 'web', port: 3000, replicas: 1 })],
    resources: [buildPostgres({ name: 'db', port: 5432 })],
  });
  const { gateway, services, resources } = withFreePorts(spec);
  assert.deepEqual([gateway?.port, services['web']?.port, resources['db']?.port], [0, undefined, undefined]);
  assert.equal(services['web']?.replicas, 1);
});

test('a relative folder of the old place is nowhere', () => {
  assert.deepEqual(['file:vault', 'file:/mnt/vault', 's3://vault'].map(isElsewhere), [true, false, false]);
});
