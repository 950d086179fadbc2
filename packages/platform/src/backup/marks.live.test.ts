// The sign of one who was killed here, on this start of this machine, holds up nobody; any other is believed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createMemoryStore } from '@hale/ports/testing';
import { identify } from '../keeper/proc-identity.ts';
import { type Mark, withMark } from './marks.ts';
import { openVault } from './vault.ts';

const clock = createVirtualClock();
const mark = (kind: Mark['kind'], name: string): Mark => ({ kind, name, clock, force: false });
const busy = { code: 'HALE_PLATFORM_BACKUP_BUSY', retriable: true };
const skip = process.platform !== 'linux';

test('the sign of one who was killed on this very start of this machine is taken down at once, no other', {
  skip,
}, async () => {
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  const key = 'running/backup-killed';
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  let body: Record<string, unknown> = {};
  await withMark(vault, mark('backup', 'mine'), async () => {
    const mine = store.objects.get('running/backup-mine')?.body ?? new Uint8Array(0);
    body = JSON.parse(Buffer.from(mine).toString()) as Record<string, unknown>;
  });
  const hang = (more: object) =>
    store.objects.set(key, { body: Buffer.from(JSON.stringify({ ...body, ...more })), storedAt: clock.wall() });
  const prune = () => withMark(vault, mark('prune', 'x'), async () => 'done');
  const started = identify(child.pid as number)?.startTime ?? '';
  hang({ pid: child.pid, started });
  await assert.rejects(prune(), busy, 'it lives');
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const other of [
    { host: 'elsewhere' },
    { boot: 'another' },
    { boot: '' },
    { started: '' },
    { space: 'pid:[1]' },
  ]) {
    hang({ pid: child.pid, started, ...other });
    await assert.rejects(prune(), busy, `of it nobody can say that it is dead: ${JSON.stringify(other)}`);
  }
  hang({ pid: child.pid, started });
  assert.equal(await prune(), 'done');
  hang({ pid: process.pid, started: '1' });
  assert.equal(await prune(), 'done', 'a number that went to another process');
  assert.equal(store.objects.has(key), false);
});
