// The arithmetic of the log, against names that PostgreSQL gave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatLsn, formatSegment, parseLsn, parseSegment, segmentNumber } from './wal-name.ts';

test('positions and segments are written as PostgreSQL writes them', () => {
  const rows: readonly [lsn: string, segmentMb: number, name: string][] = [
    ['0/0', 16, '000000010000000000000000'],
    ['0/1FFFFFF', 16, '000000010000000000000001'],
    ['0/FF000000', 16, '0000000100000000000000FF'],
    ['1/0', 16, '000000010000000100000000'],
    ['A/BC123456', 64, '000000010000000A0000002F'],
    ['2/40000000', 1024, '000000010000000200000001'],
  ];
  for (const [text, segmentMb, name] of rows) {
    const bytes = segmentMb * 1024 * 1024;
    const segment = { timeline: 1, number: segmentNumber(parseLsn(text), bytes) };
    assert.equal(formatSegment(segment, bytes), name, text);
    assert.deepEqual(parseSegment(name, bytes), segment);
    assert.equal(formatLsn(parseLsn(text)), text);
  }
});

test('what is no position or no segment is refused', () => {
  for (const text of ['', '1', '0/', '0/123456789', 'g/0']) assert.throws(() => parseLsn(text), TypeError);
  for (const name of ['00000002.history', '00000001000000000000001', '0000000100000000000001FF', 'x']) {
    assert.equal(parseSegment(name, 16 << 20), undefined, name);
  }
});

test('there and back again', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom(1, 16, 64, 1024), (lsn, megabytes) => {
      const bytes = megabytes << 20;
      assert.equal(parseLsn(formatLsn(lsn)), lsn);
      const segment = { timeline: 7, number: segmentNumber(lsn, bytes) };
      assert.deepEqual(parseSegment(formatSegment(segment, bytes), bytes), segment);
    }),
    { seed: 4 },
  );
});
