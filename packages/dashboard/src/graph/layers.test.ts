// Shelves: whatever is used stands further than its user, circles do no harm, long arrows pass through gaps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edge } from './edges.ts';
import { layerGraph } from './layers.ts';

const edges = (...arrows: string[]): Edge[] =>
  arrows.map((arrow) => {
    const [from = '', to = ''] = arrow.split('>');
    return { from, to };
  });
const check = (names: string, arrows: string, shelves: string) => {
  const layers = layerGraph(names.split(' '), edges(...arrows.split(' ').filter(Boolean)));
  const told = layers.shelves.map((shelf) => shelf.map((place) => (place.gap ? '·' : place.id)).join(' ')).join(' | ');
  assert.equal(told, shelves);
};

test('a chain is one shelf a room', () => check('a b c', 'a>b b>c', 'a | b | c'));
test('the longest way counts', () => check('a b c', 'a>b a>c b>c', 'a | b · | c'));
test('rooms without arrows share the first shelf', () => check('a b', '', 'a b'));
test('a circle is drawn, not followed', () => check('a b c', 'a>b b>c c>a', 'a | b | c'));
test('a room that uses itself through another stays put', () => check('a b', 'a>b b>a', 'a | b'));
test('shelves are ordered so that arrows need not cross', () => check('a b x y', 'a>y b>x', 'a b | y x'));
test('nothing gives no shelf', () => assert.deepEqual(layerGraph([], []).shelves, []));
test('a long arrow visits a gap on each shelf that it passes', () => {
  const { paths } = layerGraph(['a', 'b', 'c', 'd'], edges('a>b', 'b>c', 'c>d', 'a>d'));
  assert.equal(paths.find((path) => path.edge.from === 'a' && path.edge.to === 'd')?.via.length, 4);
});
