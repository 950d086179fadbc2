// The bulkhead against a twin that keeps its line as an array: same places, same order, same refusals, whoever leaves when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { Bulkhead, type Waiter } from './bulkhead.ts';

const seed = 34;
const act = fc.record({ kind: fc.constantFrom('come', 'come', 'release', 'leave', 'resize'), pick: fc.nat(1000) });

for (const order of ['fifo', 'lifo'] as const) {
  test(`${order}, against an array (seed ${seed})`, () => {
    const property = fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      let concurrentMax = 2;
      const settings = () => ({ concurrentMax, queueMax: 3, order });
      const bulkhead = new Bulkhead(settings());
      const turns: number[] = [];
      const twin = { running: 0, line: [] as number[], turns: [] as number[] };
      const waiters = new Map<number, Waiter>();
      const twinCalls = () => {
        while (twin.running < concurrentMax && twin.line.length > 0) {
          twin.turns.push((order === 'lifo' ? twin.line.pop() : twin.line.shift())!);
          twin.running++;
        }
      };
      acts.forEach(({ kind, pick }, id) => {
        if (kind === 'come') {
          const goes = bulkhead.tryAcquire(0, 'normal');
          assert.equal(goes, twin.line.length === 0 && twin.running < concurrentMax);
          if (goes) {
            twin.running++;
            return;
          }
          const waiter: Waiter = {
            priority: 'normal',
            ahead: undefined,
            behind: undefined,
            isWaiting: false,
            onTurn: () => turns.push(id),
          };
          waiters.set(id, waiter);
          const waits = bulkhead.enqueue(waiter);
          assert.equal(waits, twin.line.length < 3);
          if (waits) twin.line.push(id);
        } else if (kind === 'release' && twin.running > 0) {
          twin.running--;
          twinCalls();
          bulkhead.release('ok', 1, 0);
        } else if (kind === 'leave' && waiters.size > 0) {
          const gone = [...waiters.keys()][pick % waiters.size]!;
          bulkhead.leave(waiters.get(gone)!);
          twin.line = twin.line.filter((one) => one !== gone);
        } else if (kind === 'resize') {
          concurrentMax = 1 + (pick % 4);
          bulkhead.update(settings(), undefined, 0);
          twinCalls();
        }
        assert.deepEqual([bulkhead.inFlight, bulkhead.queued, turns], [twin.running, twin.line.length, twin.turns]);
      });
    });
    fc.assert(property, { seed, numRuns: tries(100, 1_000) });
  });
}
