// The stamps of the pages, and where the log goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPages, goesOnAt } from './wal-pages.ts';

const segmentBytes = 65_536;
const claim = {
  segment: { timeline: 2, number: 3n },
  segmentBytes,
  systemIdentifier: '7',
  ownFrom: 3n * 65_536n + 16_384n,
};

/** A segment of eight pages: the first two of timeline 1, the rest of 2. */
function build(): Buffer {
  const content = Buffer.alloc(segmentBytes);
  for (let page = 0; page < 8; page++) {
    content.writeUInt16LE(0xd118, page * 8192);
    content.writeUInt32LE(page < 2 ? 1 : 2, page * 8192 + 4);
    content.writeBigUInt64LE(3n * 65_536n + BigInt(page * 8192), page * 8192 + 8);
  }
  content.writeBigUInt64LE(7n, 24);
  content.writeUInt32LE(segmentBytes, 32);
  return content;
}

test('a page in the wrong place, of the wrong timeline or of another database is found', () => {
  checkPages(build(), claim);
  checkPages(build().fill(0, 40_960), claim);
  const rows: readonly [edit: (content: Buffer) => unknown, says: RegExp][] = [
    [(content) => content.writeBigUInt64LE(8n, 24), /of another database \(8\)/],
    [(content) => content.writeUInt32LE(1, 32), /of another size/],
    [(content) => content.writeUInt32LE(1, 16_384 + 4), /is of timeline 1/],
    [(content) => content.writeUInt32LE(3, 16_384 + 4), /is of timeline 3/],
    [(content) => content.writeUInt32LE(2, 8192 + 4), /is of timeline 2/],
    [(content) => content.writeBigUInt64LE(1n, 57_344 + 8), /a page of 0\/1 lies at 0\/3E000/],
  ];
  for (const [edit, says] of rows) {
    const content = build();
    edit(content);
    assert.throws(() => checkPages(content, claim), { code: 'HALE_PLATFORM_BACKUP_DAMAGED', message: says });
  }
});

test('a whole record behind the last one is log that should have been replayed', () => {
  const at = (offset: number) => 3n * 65_536n + BigInt(offset);
  const record = (offset: number, length: number, available = segmentBytes) => {
    const content = build();
    content.writeUInt32LE(length, offset);
    return content.subarray(0, available);
  };
  assert.equal(goesOnAt(build(), at(100), segmentBytes), false, 'nothing follows');
  assert.equal(goesOnAt(record(104, 50), at(100), segmentBytes), true, 'behind the padding');
  assert.equal(goesOnAt(record(8192 + 24, 50), at(8192), segmentBytes), true, 'behind the head of the page');
  assert.equal(goesOnAt(record(40, 50), at(0), segmentBytes), true, 'behind the long head of the segment');
  assert.equal(goesOnAt(record(104, 9_000), at(100), segmentBytes), true, 'over a page');
  assert.equal(goesOnAt(record(104, 9_000, 9_000), at(100), segmentBytes), false, 'the rest was never received');
  assert.equal(goesOnAt(record(104, 9_000, 104 + 9_000 + 23), at(100), segmentBytes), false, 'a byte too little');
  assert.equal(goesOnAt(record(104, 9_000, 104 + 9_000 + 24), at(100), segmentBytes), true, 'just all of it');
});
