// Two who want the same: the second is told who has it, and gets it the moment the first has left or was killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { occupy, whileOccupied } from './occupancy.ts';
import { createTurn } from './turn.ts';

const skip = process.platform !== 'linux';
const place = { root: `/nowhere/${process.pid}`, database: 'db', errand: 'work' } as const;

test('one at a time, and another errand or database beside it', { skip }, async () => {
  await whileOccupied(place, async () => {
    await assert.rejects(occupy(place), {
      code: 'HALE_PLATFORM_BACKUP_BUSY',
      message: `process ${process.pid} is taking, proving or cleaning up backups of db`,
    });
    (await occupy({ ...place, errand: 'log' }))();
    (await occupy({ ...place, database: 'other' }))();
  });
  (await occupy(place))();
});

test('a sign of the dead is none', { skip }, async () => {
  const module = fileURLToPath(new URL('./occupancy.ts', import.meta.url));
  const code = `const { occupy } = await import(${JSON.stringify(module)});
    await occupy(${JSON.stringify(place)}); console.log('mine'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await assert.rejects(occupy(place), { message: new RegExp(`process ${child.pid} `) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await occupy(place))();
});

test('turns: one after the other, a failure ends only its own', async () => {
  const turn = createTurn();
  const seen: string[] = [];
  const first = turn(async () => {
    seen.push('first begins');
    await Promise.resolve();
    seen.push('first ends');
    throw new Error('it failed');
  });
  const second = turn(async () => void seen.push('second'));
  await assert.rejects(first, /it failed/);
  await second;
  assert.deepEqual(seen, ['first begins', 'first ends', 'second']);
});
