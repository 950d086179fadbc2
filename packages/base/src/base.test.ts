// The toolbox's own tests: each tool is small, so they share one bench.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalJson,
  createBoundedQueue,
  createRng,
  drawUnit,
  formatBytes,
  formatDuration,
  HaleError,
  hashText,
  isHaleError,
  makeUlid,
  parseBytes,
  parseDuration,
  seedRng,
} from './index.ts';
import { createVirtualClock } from './testing.ts';

test('durations and bytes are read as people write them, and bad text is undefined', () => {
  const durations: readonly [string, number | undefined][] = [
    ['300ms', 300],
    ['3s', 3000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['3', undefined],
    ['3 s', undefined],
    ['-3s', undefined],
    ['3 parsecs', undefined],
    ['', undefined],
  ];
  for (const [text, ms] of durations) assert.equal(parseDuration(text), ms, text);
  const sizes: readonly [string, number | undefined][] = [
    ['512MB', 512e6],
    ['1GiB', 1024 ** 3],
    ['10', undefined],
    ['MB', undefined],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseBytes(text), bytes, text);
});

test('durations and bytes are written for people', () => {
  assert.deepEqual([12, 1234, 61_000, 3_660_000, 90_000_000].map(formatDuration), [
    '12ms',
    '1.2s',
    '1m1s',
    '1h1m',
    '1d1h',
  ]);
  assert.deepEqual([12, 1234, 52_428_800, 3e9].map(formatBytes), ['12B', '1.2kB', '52.4MB', '3.00GB']);
});

test('equal seeds throw equal dice, spread over [0, 1)', () => {
  const [a, b, c] = [createRng(7), createRng(7), createRng(8)];
  const first = Array.from({ length: 1000 }, () => a.unit());
  assert.deepEqual(
    first,
    Array.from({ length: 1000 }, () => b.unit()),
  );
  assert.notDeepEqual(
    first,
    Array.from({ length: 1000 }, () => c.unit()),
  );
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  assert.ok(mean > 0.45 && mean < 0.55, `mean ${mean}`);
  assert.ok(first.every((value) => value >= 0 && value < 1));
});

test('a generator is plain data: its state survives JSON', () => {
  const state = drawUnit(seedRng(3)).next;
  assert.deepEqual(drawUnit(JSON.parse(JSON.stringify(state))), drawUnit(state));
});

test('ULIDs sort by time and differ by dice', () => {
  const early = makeUlid(1_700_000_000_000, seedRng(1));
  const late = makeUlid(1_700_000_000_001, seedRng(1));
  assert.equal(early.id.length, 26);
  assert.ok(early.id < late.id);
  assert.notEqual(makeUlid(1_700_000_000_000, early.next).id, early.id);
});

test('a bounded queue behaves like an array that is never longer than its bound', () => {
  const step = fc.oneof(fc.constant('shift' as const), fc.integer());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (sizeMax, steps) => {
      const queue = createBoundedQueue<number>(sizeMax);
      const twin: number[] = [];
      for (const item of steps) {
        if (item === 'shift') assert.equal(queue.shift(), twin.shift());
        else {
          const evicted = twin.length === sizeMax ? twin.shift() : undefined;
          twin.push(item);
          assert.equal(queue.pushEvicting(item), evicted);
        }
        assert.deepEqual([...queue], twin);
      }
      assert.equal(queue.push(1), twin.length < sizeMax);
    }),
    { seed: 20261122 },
  );
});

test('canonical JSON does not depend on the order of keys', () => {
  assert.equal(
    canonicalJson({ b: 1, a: { d: [1, { y: 1, x: 2 }], c: undefined } }),
    '{"a":{"d":[1,{"x":2,"y":1}]},"b":1}',
  );
  assert.notEqual(hashText('a'), hashText('b'));
  assert.equal(hashText('same'), hashText('same'));
});

test('an error knows its code, its hint and its cause', () => {
  const error = new HaleError({ code: 'HALE_BASE_TEST', message: 'm', hint: 'h', cause: new Error('c') });
  assert.ok(isHaleError(error) && !isHaleError(new Error('HALE_BASE_TEST')));
  assert.deepEqual([error.retriable, (error.cause as Error).message], [false, 'c']);
});

test('virtual time fires timers in order, and only when it is moved', () => {
  const clock = createVirtualClock();
  const fired: string[] = [];
  clock.after(20, () => fired.push('b'));
  clock.after(10, () => {
    fired.push('a');
    clock.after(5, () => fired.push('nested'));
  });
  const every = clock.every(15, () => fired.push(`tick${clock.mono()}`));
  clock.after(30, () => fired.push('never')).cancel();
  clock.advance(9);
  assert.deepEqual(fired, []);
  clock.advance(30);
  every.cancel();
  clock.advance(100);
  assert.deepEqual(fired, ['a', 'tick15', 'nested', 'b', 'tick30']);
});
