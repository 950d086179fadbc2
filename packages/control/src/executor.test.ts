// The foreman: each command once, refusals by epoch, deadlines, and slow work that does not hold up the rest.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { type Command, type CommandBody, type CommandId, type Incarnation, replicaId } from '@hale/model';
import { createExecutor } from './executor.ts';
import { createFakePlatform } from './testing.ts';

const table = { version: 1, system: 's', epoch: 1, seq: 1, endpoints: [] } as const;
const start: CommandBody = {
  kind: 'StartReplica',
  replica: replicaId('orders', 0),
  incarnation: 'i' as Incarnation,
  release: 1,
  zone: 'a',
};

function command(id: string, body: CommandBody = start, epoch = 1): Command {
  const at = { wall: 0, mono: 0, bootId: 'b' };
  return { id: id as CommandId, epoch, at, deadlineMs: 1000, reason: '', incident: undefined, ...body };
}

function openBench() {
  const clock = createVirtualClock();
  const platform = createFakePlatform();
  const finished: string[] = [];
  const woken: number[] = [];
  const paged: string[] = [];
  const faults: unknown[] = [];
  const executor = createExecutor({
    platform,
    clock,
    onFinished: (id, result) => finished.push(`${id} ${result.kind}`),
    onWakeUp: (afterMs) => woken.push(afterMs),
    onPage: (page) => paged.push(page.title),
    onFault: (error) => faults.push(error),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, platform, finished, woken, paged, faults, executor, settle };
}

describe('executor', () => {
  it('does a command once, however often it is given', async () => {
    const bench = openBench();
    bench.executor.run([command('1.1'), command('1.1')]);
    await bench.settle();
    bench.executor.run([command('1.1')]);
    await bench.settle();
    assert.deepEqual([bench.platform.executed.length, bench.finished], [1, ['1.1 done']]);
  });

  it('refuses a command of an epoch that is over', async () => {
    const bench = openBench();
    bench.executor.run([command('2.1', start, 2), command('1.9', start, 1)]);
    await bench.settle();
    assert.deepEqual(bench.finished.sort(), ['1.9 stale', '2.1 done']);
    assert.equal(bench.platform.executed.length, 1);
  });

  it('gives up at the deadline, and what comes later is no second result', async () => {
    const bench = openBench();
    bench.platform.answer('never');
    bench.executor.run([command('1.1')]);
    bench.clock.advance(999);
    assert.deepEqual(bench.finished, []);
    bench.clock.advance(1);
    assert.deepEqual([bench.finished, bench.executor.pending], [['1.1 timeout'], 0]);
  });

  it('hands that throw are our fault: said, and told to the brain as a failure', async () => {
    const bench = openBench();
    bench.platform.answer(new Error('bug'));
    bench.executor.run([command('1.1')]);
    await bench.settle();
    assert.deepEqual([bench.finished, bench.faults.length], [['1.1 failed'], 1]);
  });

  it('tables are not held up by slow goodbyes', async () => {
    const bench = openBench();
    bench.platform.answer('never');
    bench.executor.run(Array.from({ length: 100 }, (_, n) => command(`1.${n}`)));
    assert.equal(bench.platform.executed.length, 64, 'INV-09: only so many at once');
    bench.platform.answer({ kind: 'done' });
    bench.executor.run([command('1.200', { kind: 'PublishEndpoints', table })]);
    await bench.settle();
    assert.deepEqual(bench.finished, ['1.200 done']);
    bench.clock.advance(1000);
    await bench.settle();
    assert.equal(bench.finished.length, 101);
  });

  it('INV-09: refuses more than it can remember', async () => {
    const bench = openBench();
    bench.platform.answer('never');
    bench.executor.run(Array.from({ length: 2100 }, (_, n) => command(`1.${n}`)));
    assert.equal(bench.finished.filter((line) => line.endsWith('failed')).length, 2100 - 64 - 2000);
  });

  it('what is not of the world is done at home', async () => {
    const bench = openBench();
    const note = { kind: 'info', unit: undefined, replica: undefined, text: 't' } as const;
    bench.executor.run([
      command('1.1', { kind: 'WakeUp', afterMs: 5 }),
      command('1.2', { kind: 'Tell', note }),
      command('1.3', { kind: 'PagePerson', title: 'help', detail: '' }),
    ]);
    assert.deepEqual([bench.woken, bench.paged, bench.finished], [[5], ['help'], ['1.3 done']]);
    assert.equal(bench.platform.executed.length, 0);
  });
});
