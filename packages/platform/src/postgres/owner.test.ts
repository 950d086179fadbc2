// A data folder of somebody else, or one that is open, is said with the command that puts it right.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertOwned } from './owner.ts';

const folder = mkdtempSync(join(tmpdir(), 'hale-owner-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pgdata = join(folder, 'pgdata');
const self = { kind: 'self' } as const;
const refusal = (message: RegExp) => ({ code: 'HALE_PLATFORM_POSTGRES_OWNER', message });

test('ours and closed passes; open to others does not', async () => {
  await assertOwned(pgdata, self);
  mkdirSync(pgdata, { mode: 0o700 });
  await assertOwned(pgdata, self);
  chmodSync(pgdata, 0o750);
  await assertOwned(pgdata, self);
  chmodSync(pgdata, 0o755);
  await assert.rejects(assertOwned(pgdata, self), refusal(/chmod 700/));
  chmodSync(pgdata, 0o700);
});

test('one of somebody else', async () => {
  const other = (process.geteuid?.() ?? 0) + 12_345;
  const runAs = { kind: 'user', uid: other, gid: other, name: 'other' } as const;
  await assert.rejects(assertOwned(pgdata, runAs), refusal(new RegExp(`chown -R ${other} `)));
  if (process.geteuid?.() !== 0) return;
  chownSync(pgdata, other, other);
  await assertOwned(pgdata, runAs);
  await assert.rejects(assertOwned(pgdata, self), refusal(/belongs to user/));
});
