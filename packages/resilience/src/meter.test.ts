// A meter by its shape: what it is told when it asks, and that nothing is asked after the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MeterLike, meterPolicy, type ResultLike } from './meter.ts';
import { policy } from './policy/policy.ts';

test('a policy on a meter: counters, latency by quantile and the state of the circuit, read only when asked', async () => {
  const callbacks = new Set<(result: ResultLike<string>) => void>();
  const meter: MeterLike<string> = {
    createObservableCounter: (name) => name,
    createObservableGauge: (name) => name,
    addBatchObservableCallback: (callback) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback) => void callbacks.delete(callback),
  };
  const payments = policy({ name: 'payments', breaker: {} });
  const stop = meterPolicy(meter, payments);
  await payments.execute(() => 1);
  await assert.rejects(payments.execute(() => Promise.reject(new Error('no'))));
  const read = new Map<string, number>();
  const observe = (name: string, value: number, { policy: of, ...rest }: Record<string, string> = {}) =>
    void read.set([of, name, ...Object.values(rest)].join(' '), value);
  for (const callback of callbacks) callback({ observe });
  assert.equal(read.get('payments hale.policy.calls'), 2);
  assert.equal(read.get('payments hale.policy.failed'), 1);
  assert.equal(read.get('payments hale.policy.retries_refused'), 0);
  assert.equal(read.get('payments hale.policy.breaker closed'), 1);
  assert.equal(read.get('payments hale.policy.breaker open'), 0);
  assert.ok((read.get('payments hale.policy.latency p99') ?? -1) >= 0);
  stop();
  assert.equal(callbacks.size, 0);
});
