// Holes, forks and pieces: which segments a restore takes, and what it finds missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newestTimeline, parseHistory, type Stretch, wayTo } from './timeline.ts';
import { formatLsn } from './wal-name.ts';
import { coverOf, type Hole, planWal } from './wal-plan.ts';
import type { WalPiece } from './wal-shelf.ts';

const size = 100;

/** '1:5' is segment 5 of timeline 1; '1:5[0-40]' a piece of it. */
function shelf(words: string): WalPiece[] {
  return words
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [, timeline = '', number = '', from, to] = /^(\d+):(\d+)(?:\[(\d+)-(\d+)\])?$/.exec(word) ?? [];
      const segment = { timeline: Number(timeline), number: BigInt(number) };
      return {
        key: word,
        storedAt: 0,
        segment,
        from: Number(from ?? 0),
        to: Number(to ?? size),
        whole: from === undefined,
      };
    });
}

const holeOf = (hole: Hole | undefined) => hole && `${hole.missing.timeline}:${hole.missing.number}@${hole.filled}`;
const line: Stretch[] = [{ timeline: 1, from: 210n, until: undefined }];
const fork: Stretch[] = [
  { timeline: 1, from: 210n, until: 450n },
  { timeline: 2, from: 450n, until: undefined },
];

test('what is taken, how far it reaches, and where the hole is', () => {
  const rows: readonly [what: string, on: string, way: Stretch[], taken: string, end: bigint, hole?: string][] = [
    ['all there', '1:2 1:3 1:4', line, '1:2 1:3 1:4', 500n],
    ['older ones are left', '1:0 1:1 1:2 1:3', line, '1:2 1:3', 400n],
    ['the newest is a piece', '1:2 1:3[0-40]', line, '1:2 1:3[0-40]', 340n],
    ['pieces join', '1:2 1:3[0-40] 1:3[40-70] 1:3[30-50]', line, '1:2 1:3[0-40] 1:3[40-70]', 370n],
    ['one in the middle is missing', '1:2 1:4', line, '1:2', 300n, '1:3@0'],
    ['one in the middle is short', '1:2 1:3[0-40] 1:4', line, '1:2 1:3[0-40]', 340n, '1:3@40'],
    ['the newest piece does not begin at the start', '1:2 1:3[10-40]', line, '1:2', 300n, '1:3@0'],
    ['the first is missing', '1:3', line, '', 210n, '1:2@0'],
    ['nothing at all', '', line, '', 210n, '1:2@0'],
    ['over a fork: its segment is the younger one', '1:2 1:3 1:4 2:4 2:5', fork, '1:2 1:3 2:4 2:5', 600n],
    ['the older one beyond the fork does not help', '1:2 1:3 1:4 1:5', fork, '1:2 1:3', 400n, '2:4@0'],
    ['missing before the fork', '1:2 2:4', fork, '1:2', 300n, '1:3@0'],
  ];
  for (const [what, on, way, taken, end, hole] of rows) {
    const plan = planWal(shelf(on), way, size);
    assert.equal(plan.segments.flatMap(({ pieces }) => pieces.map(({ key }) => key)).join(' '), taken, what);
    assert.equal(plan.end, end, what);
    assert.equal(holeOf(plan.hole), hole, what);
  }
});

test('pieces cover exactly what a brush over every byte would cover', () => {
  const piece = fc.tuple(fc.nat(20), fc.nat(20)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (reaches) => {
      const pieces = shelf(reaches.map(([from, to]) => `1:1[${from}-${to}]`).join(' '));
      const painted = new Set(reaches.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)));
      let filled = 0;
      while (painted.has(filled)) filled++;
      assert.equal(coverOf(pieces).filled, filled);
    }),
    { seed: 4 },
  );
});

test('the way to a timeline follows its history, and only that of its own line', () => {
  const three = parseHistory('1\t0/1F4\tno recovery target specified\n\n2\t0/320\tbefore 2026\n');
  const histories = new Map([
    [2, parseHistory('1\t0/1F4\tx')],
    [3, three],
  ]);
  const words = (way: readonly Stretch[] | undefined) =>
    way
      ?.map(
        ({ timeline, from, until }) => `${timeline}:${formatLsn(from)}-${until === undefined ? '' : formatLsn(until)}`,
      )
      .join(' ');
  assert.equal(words(wayTo(1, histories, { timeline: 1, from: 16n })), '1:0/10-');
  assert.equal(words(wayTo(3, histories, { timeline: 1, from: 16n })), '1:0/10-0/1F4 2:0/1F4-0/320 3:0/320-');
  assert.equal(words(wayTo(3, histories, { timeline: 2, from: 0x200n })), '2:0/200-0/320 3:0/320-');
  assert.equal(
    wayTo(3, histories, { timeline: 1, from: 0x1f5n }),
    undefined,
    'a backup beyond the fork is not of that line',
  );
  assert.equal(newestTimeline(histories, { timeline: 1, from: 16n }), 3);
  assert.equal(newestTimeline(histories, { timeline: 1, from: 0x1f5n }), 1);
  assert.throws(() => parseHistory('what is this'), TypeError);
});
