// A folder in a place that is open to everybody: what a killed process left goes, what somebody else put there is not entered.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openScratch, sweepScratch } from './scratch.ts';

test('emptied when it is begun, gone when it is left, and never led elsewhere', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hale-scratch-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'proofs');
  mkdirSync(join(folder, 'left', 'pgdata'), { recursive: true });
  assert.equal(await openScratch(folder), folder);
  assert.deepEqual(readdirSync(folder), []);
  await sweepScratch(folder);
  assert.equal(existsSync(folder), false);
  mkdirSync(join(root, 'real'));
  writeFileSync(join(root, 'real', 'kept'), '');
  symlinkSync(join(root, 'real'), folder);
  await assert.rejects(openScratch(folder), { code: 'HALE_PLATFORM_BACKUP_NOT_EMPTY', message: /somebody else's/ });
  assert.deepEqual(readdirSync(join(root, 'real')), ['kept']);
});
