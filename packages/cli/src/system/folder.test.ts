// The files of decision 0002: what is written once stays, what is broken is said, and only ten releases are kept.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { buildService, buildSystem } from '@hale/model/testing';
import {
  findSystemRoot,
  latestRelease,
  prepareFolder,
  readIdentity,
  recordRelease,
  setBrokenReleasesAside,
  writeIdentity,
} from './folder.ts';

describe('the folder of a system', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hale-folder-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('gets its identity once', () => {
    assert.equal(readIdentity(root), undefined);
    const first = prepareFolder(root);
    writeIdentity(root, { id: first.id, ports: { api: 20_001 } });
    assert.deepEqual(prepareFolder(root), { id: first.id, ports: { api: 20_001 } });
    assert.equal(statSync(join(root, '.hale')).mode & 0o777, 0o700);
  });

  for (const text of ['', '{', '[]', '{"id":"x","ports":{}}', 'null']) {
    it(`a broken system.json is said: ${JSON.stringify(text)}`, () => {
      mkdirSync(join(root, '.hale'));
      writeFileSync(join(root, '.hale', 'system.json'), text);
      assert.throws(() => prepareFolder(root), { code: 'HALE_CLI_SYSTEM_FILE_BROKEN' });
    });
  }

  it('is found from below', () => {
    prepareFolder(root);
    mkdirSync(join(root, 'services', 'deep'), { recursive: true });
    assert.equal(findSystemRoot(join(root, 'services', 'deep')), root);
  });

  it('a release is written only when something changed, and ten are kept', () => {
    prepareFolder(root);
    const spec = (replicas: number) => buildSystem({ root, services: [buildService({ replicas })] });
    assert.deepEqual(recordRelease(root, spec(1)), { release: 1, changed: true });
    assert.deepEqual(recordRelease(root, spec(1)), { release: 1, changed: false });
    for (let replicas = 2; replicas <= 14; replicas++) recordRelease(root, spec(replicas));
    assert.equal(latestRelease(root)?.release, 14);
    assert.equal(readdirSync(join(root, '.hale', 'releases')).length, 10);
    writeFileSync(join(root, '.hale', 'releases', '14.json'), '{"half');
    assert.equal(latestRelease(root)?.release, 13);
    assert.deepEqual(setBrokenReleasesAside(root), ['14.json']);
    assert.equal(recordRelease(root, spec(15)).release, 15, 'its number is not given again');
  });
});
