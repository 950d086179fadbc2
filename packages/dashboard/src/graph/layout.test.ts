// Pixels: rooms keep their size, never overlap, stay on the wall, and the picture turns when the wall is narrow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edge } from './edges.ts';
import type { Box } from './layout.ts';
import { dotsOnly, drawRooms, flowDensity } from './room-size.ts';

const shop: Edge[] = [
  { from: 'gateway', to: 'storefront' },
  { from: 'storefront', to: 'orders' },
  { from: 'orders', to: 'payments' },
  { from: 'orders', to: 'inventory' },
  { from: 'orders', to: 'db' },
  { from: 'inventory', to: 'db' },
];
const counts = new Map(['gateway', 'storefront', 'orders', 'payments', 'inventory', 'db'].map((name) => [name, 2]));
const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

for (const [width, flow] of [
  [1600, 'right'],
  [1250, 'right'],
  [900, 'down'],
  [368, 'down'],
] as const)
  test(`on a wall of ${width} px it reads ${flow}, whole and without overlap`, () => {
    const picture = drawRooms(counts, shop, width);
    assert.equal(picture.flow, flow);
    assert.equal(picture.boxes.length, counts.size);
    assert.equal(picture.arrows.length, shop.length);
    for (const box of picture.boxes) {
      assert.ok(box.x >= 0 && box.x + box.width <= width, `${box.id} hangs over the edge`);
      assert.ok(box.y >= 0 && box.y + box.height <= picture.height, `${box.id} hangs below`);
      for (const other of picture.boxes) assert.ok(box.id === other.id || !overlap(box, other));
    }
    for (const arrow of picture.arrows) assert.match(arrow.path, /^M[\d.,-]+C/);
  });

test('whoever is used stands further along', () => {
  const picture = drawRooms(counts, shop, 1600);
  const at = new Map(picture.boxes.map((box) => [box.id, box.x]));
  for (const { from, to } of shop) assert.ok(at.get(from)! < at.get(to)!);
});

test('the picture depends on nothing but units and width', () => {
  assert.deepEqual(drawRooms(counts, shop, 1250), drawRooms(new Map(counts), [...shop], 1250));
});

test('a hundred replicas become dots that fit their room', () => {
  assert.ok(dotsOnly(100) && !dotsOnly(6));
  const [box] = drawRooms(new Map([['orders', 100]]), [], 800).boxes;
  assert.ok(box!.height >= (100 / Math.floor((box!.width - 28) / 20)) * 20);
});

test('no units, no picture', () => assert.deepEqual(drawRooms(new Map(), [], 800).boxes, []));

test('no dashes without traffic, denser ones with more', () => {
  assert.deepEqual([0, 0.04, 1, 100, 5_000].map(flowDensity), [undefined, undefined, 'slow', 'steady', 'fast']);
});
