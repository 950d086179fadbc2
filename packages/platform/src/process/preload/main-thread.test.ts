// What of a tick counts as a stall, by what the kernel says of the main thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';

type Meter = { count(now: number, tickMs: number): number };
type Making = { createStallMeter(pid: number, read: (path: string) => string | undefined): Meter };

// Plain JavaScript, because the program's Node may be older than ours: its types are said here.
const { createStallMeter } = (await import(new URL('./main-thread.mjs', import.meta.url).href)) as Making;

/** [CPU, wait for a core] in ms at the second look, and its state then. */
const table: readonly [what: string, cpuMs: number, waitedMs: number, state: string, counted: number][] = [
  ['burns its core', 100, 0, 'R', 100],
  ['gets a third of a core', 33, 40, 'R', 33],
  ['waits for a core since the last look', 0, 0, 'R', 0],
  ['sleeps in the kernel', 0, 0, 'S', 100],
  ['waits for the disk', 0, 0, 'D', 100],
  ['slept and then waited for a core', 10, 60, 'S', 40],
];
for (const [what, cpuMs, waitedMs, state, counted] of table)
  test(`a main thread that ${what} is stalled for ${counted} of 100 ms`, () => {
    const books = { schedstat: '0 0 1', stat: '7 (no de) R 1' };
    const meter = createStallMeter(7, (path) => (path.endsWith('schedstat') ? books.schedstat : books.stat));
    assert.equal(meter.count(0, 100), 100);
    books.schedstat = `${cpuMs * 1e6} ${waitedMs * 1e6} 2`;
    books.stat = `7 (no de) ${state} 1`;
    assert.equal(meter.count(100, 100), counted);
  });

test('where the kernel says nothing every tick counts', () => {
  const meter = createStallMeter(7, () => undefined);
  assert.equal(meter.count(0, 100) + meter.count(100, 100), 200);
});
