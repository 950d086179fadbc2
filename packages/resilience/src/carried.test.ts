// The words of a call, read and written: what may be meant, what is a fault, and what is unsaid.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDegraded, formatPatience, isCarriedFault, readCarried, readCarriedBack } from './carried.ts';

const unsaid = { patienceMs: undefined, priority: 'normal', retriesLeft: undefined };

test('a request: what it says, and what it does not', () => {
  const cases: [Record<string, string | string[]>, object][] = [
    [{}, unsaid],
    [{ 'x-hale-timeout-ms': '1500' }, { ...unsaid, patienceMs: 1500 }],
    [{ 'x-hale-timeout-ms': '0' }, { ...unsaid, patienceMs: 0 }],
    [{ 'x-hale-timeout-ms': '99999999999' }, { ...unsaid, patienceMs: 999_999_999 }],
    [{ 'x-hale-priority': 'critical' }, { ...unsaid, priority: 'critical' }],
    [{ 'x-hale-priority': 'urgent' }, unsaid],
    [{ 'x-hale-retries-left': '3' }, { ...unsaid, retriesLeft: 3 }],
    [{ 'x-hale-retries-left': '4000' }, { ...unsaid, retriesLeft: 100 }],
  ];
  for (const [headers, expected] of cases) assert.deepEqual(readCarried(headers), expected);
});

test('a word that cannot be meant is a fault with a sentence, not an exception', () => {
  const cases: [Record<string, string | string[]>, RegExp][] = [
    [{ 'x-hale-timeout-ms': '-5' }, /^x-hale-timeout-ms says "-5": it must be whole milliseconds, 0 or more$/],
    [{ 'x-hale-timeout-ms': '' }, /says ""/],
    [{ 'x-hale-timeout-ms': '1.5' }, /says "1.5"/],
    [{ 'x-hale-timeout-ms': 'NaN' }, /says "NaN"/],
    [{ 'x-hale-timeout-ms': '1e3' }, /says "1e3"/],
    [{ 'x-hale-timeout-ms': '9'.repeat(5000) }, /says "9{40}"/],
    [{ 'x-hale-timeout-ms': ['1', '2'] }, /says "1,2"/],
    [{ 'x-hale-retries-left': '-1' }, /^x-hale-retries-left says "-1": it must be a whole number from 0 to 100$/],
  ];
  for (const [headers, expected] of cases) {
    const read = readCarried(headers);
    assert.ok(isCarriedFault(read), JSON.stringify(headers));
    assert.match(read.message, expected);
  }
});

test('an answer: nonsense counts as unsaid', () => {
  const none = { retriesSpent: 0, refused: undefined, degraded: undefined };
  assert.deepEqual(readCarriedBack({}), none);
  assert.deepEqual(readCarriedBack({ 'x-hale-retries-spent': '-1', 'x-hale-refused': 'mood' }), none);
  assert.deepEqual(
    readCarriedBack({ 'x-hale-retries-spent': '2', 'x-hale-refused': 'shed', 'x-hale-degraded': 'prices' }),
    { retriesSpent: 2, refused: 'shed', degraded: 'prices' },
  );
});

test('written so that every reader takes them', () => {
  assert.deepEqual([-3, 0, 0.2, 1500.4, Number.POSITIVE_INFINITY].map(formatPatience), [
    '0',
    '0',
    '1',
    '1501',
    '999999999',
  ]);
  assert.equal(formatDegraded('prices\r\nx-evil: ü'), 'prices??x-evil: ?');
});
