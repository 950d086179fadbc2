// Two who want the same: the second is told who has it, and gets it the moment the first has left (or was killed: occupancy.live.test.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
    const log = { ...place, errand: 'log' } as const;
    await whileOccupied(log, () => assert.rejects(occupy(log), { code: 'HALE_PLATFORM_BACKUP_FOLLOWED' }));
    (await occupy({ ...place, database: 'other' }))();
  });
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
