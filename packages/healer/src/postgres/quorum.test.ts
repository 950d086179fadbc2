// How many must be fenced, and who of them is furthest.
// What follows from it for a cluster: cluster.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fencesNeeded, furthest } from './quorum.ts';

test('the arithmetic', () => {
  assert.deepEqual(
    [fencesNeeded(2, 1), fencesNeeded(3, 1), fencesNeeded(4, 2), fencesNeeded(1, 1), fencesNeeded(1, 2)],
    [2, 3, 3, 1, 1],
  );
  const ballots = [7, 9, 9].map((logEnd, place) => ({ replica: `db/${place}` as never, logEnd }));
  assert.equal(furthest(ballots)?.replica, 'db/1');
  assert.equal(furthest([]), undefined);
});
