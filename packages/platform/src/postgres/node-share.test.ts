// What a primary owes its standbys, look by look: log end, what enough standbys have (undefined: too few are connected), and for how long then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteShare, type Share, unsharedMsOf } from './node-share.ts';

type Look = readonly [logEnd: number, sharedEnd: number | undefined, unsharedMs: number];

/** One look a second. */
function check(what: string, looks: readonly Look[]): void {
  test(what, () => {
    let share: Share | undefined;
    looks.forEach(([logEnd, sharedEnd, unsharedMs], second) => {
      share = noteShare(share, { logEnd, sharedEnd, atMs: second * 1_000 });
      assert.equal(unsharedMsOf(share, second * 1_000), unsharedMs, `at ${second} s`);
    });
  });
}

check('nobody writes, and all have all of it', [
  [100, 100, 0],
  [100, 100, 0],
  [100, 100, 0],
]);
check('nobody writes, and the standbys go: nothing is owed', [
  [100, 100, 0],
  [100, undefined, 0],
  [100, 40, 0],
]);
check('somebody writes, and it arrives a little later', [
  [110, 100, 0],
  [120, 115, 0],
  [130, 125, 0],
]);
check('it is written and nothing arrives', [
  [110, 100, 0],
  [120, 100, 1_000],
  [120, 105, 2_000],
  [120, 110, 0],
  [120, 110, 1_000],
]);
check('the standbys go while something is under way, and come back without it', [
  [110, 100, 0],
  [120, undefined, 1_000],
  [120, 100, 2_000],
  [130, 130, 0],
]);
check('a primary that nobody has ever followed', [
  [10, undefined, 0],
  [10, undefined, 1_000],
  [10, 10, 0],
]);
