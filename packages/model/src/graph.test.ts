// Orders and circles among arrows, by a table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependantsOf, findCycle, type Graph, needsOf, startOrder, stopOrder } from './graph.ts';

const diamond: Graph = { web: ['a', 'b'], a: ['db'], b: ['db'], db: [] };

const table: readonly (readonly [string, unknown, unknown])[] = [
  ['foundations come first', startOrder(diamond), ['db', 'a', 'b', 'web']],
  ['users stop before what they use', stopOrder(diamond), ['web', 'b', 'a', 'db']],
  ['a diamond is no cycle', findCycle(diamond), undefined],
  ['a loop of one', findCycle({ a: ['a'] }), ['a', 'a']],
  ['a loop behind a tail', findCycle({ t: ['a'], a: ['b'], b: ['c'], c: ['a'] }), ['a', 'b', 'c', 'a']],
  ['order survives a loop', startOrder({ a: ['b'], b: ['a'] }), ['b', 'a']],
  ['unknown names are ignored', startOrder({ a: ['ghost'] }), ['a']],
  ['names of the language are no arrows', startOrder({ a: ['toString', '__proto__'] }), ['a']],
  ['needs through others', needsOf(diamond, 'web'), ['db', 'a', 'b']],
  ['dependants through others', dependantsOf(diamond, 'db'), ['a', 'b', 'web']],
  ['nobody needs the top', dependantsOf(diamond, 'web'), []],
];

for (const [name, actual, expected] of table) test(name, () => assert.deepEqual(actual, expected));
