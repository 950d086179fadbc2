// The notice on the door: since when stays, fallbacks are forgiven by time, the file says what /healthz says.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createDegradedList, type Degraded, degradedFile } from './degraded.ts';
import { healthBody } from './health-answer.ts';

test('since when stays, the cause is the latest, and a fallback is forgiven by time', () => {
  const clock = createVirtualClock();
  const degraded = createDegradedList(clock, undefined);
  const since = clock.wall();
  degraded.answeredFor('prices', 'timeout');
  clock.advance(20_000);
  degraded.answeredFor('prices', 'refused');
  degraded.add('search', 'index is being built');
  assert.deepEqual(degraded.list[0], { name: 'prices', cause: 'refused', since });
  clock.advance(29_000);
  assert.equal(degraded.list.length, 2, 'half a minute from the last answer, not from the first');
  clock.advance(7_000);
  assert.deepEqual(
    degraded.list.map(({ name }) => name),
    ['search'],
    'what was said by hand stays',
  );
  degraded.remove('search');
  assert.deepEqual(degraded.list, []);
  for (let i = 0; i < 100; i++) degraded.add(`n${i}`, 'x'.repeat(1_000));
  const lengths = boundsOf(degraded.list);
  assert.deepEqual(lengths, [64, 200], 'bounded');
});

function boundsOf(list: readonly Degraded[]) {
  return [list.length, list[0]?.cause.length];
}

test('the file is there while something is missing, and only then', (t) => {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'hale-degraded-'));
  t.after(() => rmSync(runtimeDir, { recursive: true }));
  const clock = createVirtualClock();
  const degraded = createDegradedList(clock, degradedFile({ runtimeDir, incarnation: '01A', replica: 'shop/0' }));
  const path = join(runtimeDir, 'degraded', '01A.json');
  const read = () => {
    clock.advance(300);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  };
  assert.equal(read(), undefined);
  const since = clock.wall();
  degraded.add('prices', 'timeout');
  assert.deepEqual(read(), { v: 1, replica: 'shop/0', degraded: [{ name: 'prices', cause: 'timeout', since }] });
  degraded.remove('prices');
  assert.equal(read(), undefined);
  degraded.add('prices', 'timeout');
  assert.ok(read());
  degraded.close();
  assert.equal(read(), undefined, 'whoever leaves takes it down');
});

test('a health answer says degraded, and stays 200 by being ok', () => {
  const degraded = [{ name: 'prices', cause: 'timeout', since: 0 }];
  assert.deepEqual(JSON.parse(healthBody({ ok: true, checks: {}, degraded })), {
    status: 'degraded',
    checks: {},
    degraded: [{ name: 'prices', cause: 'timeout', since: '1970-01-01T00:00:00.000Z' }],
  });
  assert.equal(JSON.parse(healthBody({ ok: false, checks: {}, degraded })).status, 'failing');
  assert.equal(healthBody({ ok: true, checks: {} }), '{"status":"ok","checks":{}}');
});
