// From shelves to pixels: given the size of each room and the width of the wall, says where each room hangs and how each
// arrow runs. Wide walls read from left to right; narrow ones from top to bottom, with crowded shelves wrapped. Pure:
// same units and width, same picture, so nothing jumps when a replica changes its phase.
import type { Edge } from './edges.ts';
import { layerGraph, type Place } from './layers.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  readonly edge: Edge;
  /** An SVG path. */
  readonly path: string;
}

export interface Picture extends Size {
  readonly flow: 'right' | 'down';
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const gapMin = 56;
const gapMax = 140;
const rowGap = 24;
const margin = 12;
/** What a long arrow needs of a shelf; along the flow it is given the shelf's whole depth, so that it bends only between shelves. */
const passage: Size = { width: 20, height: 12 };

/** Lays out `sizes` (in the order they are declared) on a wall `widthPx` wide. */
export function layOut(sizes: ReadonlyMap<string, Size>, edges: readonly Edge[], widthPx: number): Picture {
  const { shelves, paths } = layerGraph([...sizes.keys()], edges);
  const sizeOf = (place: Place) => sizes.get(place.id) ?? passage;
  const needed =
    shelves.reduce((sum, shelf) => sum + Math.max(...shelf.map((place) => sizeOf(place).width)), 0) +
    gapMin * (shelves.length - 1) +
    2 * margin;
  const flow = needed <= widthPx ? 'right' : 'down';
  const hung = flow === 'right' ? hangRight(shelves, sizeOf, widthPx) : hangDown(shelves, sizeOf, widthPx);
  const at = new Map(hung.boxes.map((box) => [box.id, box]));
  const arrows = paths.map(({ edge, via }) => ({
    edge,
    path: curve(
      via.map((id) => at.get(id)!),
      flow,
    ),
  }));
  return { ...hung, flow, boxes: hung.boxes.filter((box) => sizes.has(box.id)), arrows };
}

type Shelves = readonly (readonly Place[])[];
type Hung = Size & { readonly boxes: readonly Box[] };

function hangRight(shelves: Shelves, sizeOf: (place: Place) => Size, widthPx: number): Hung {
  const widths = shelves.map((shelf) => Math.max(...shelf.map((place) => sizeOf(place).width)));
  const heights = shelves.map((shelf) => shelf.reduce((sum, place) => sum + sizeOf(place).height + rowGap, -rowGap));
  const rooms = widths.reduce((sum, width) => sum + width, 0);
  const gaps = Math.max(1, shelves.length - 1);
  const gap = Math.min(gapMax, Math.max(gapMin, (widthPx - rooms - 2 * margin) / gaps));
  const height = Math.max(0, ...heights) + 2 * margin;
  let x = Math.max(margin, (widthPx - rooms - gap * (shelves.length - 1)) / 2);
  const boxes: Box[] = [];
  shelves.forEach((shelf, i) => {
    let y = (height - heights[i]!) / 2;
    for (const place of shelf) {
      const size = place.gap ? { ...passage, width: widths[i]! } : sizeOf(place);
      boxes.push({ id: place.id, x: x + (widths[i]! - size.width) / 2, y, ...size });
      y += size.height + rowGap;
    }
    x += widths[i]! + gap;
  });
  return { width: widthPx, height, boxes };
}

function hangDown(shelves: Shelves, sizeOf: (place: Place) => Size, widthPx: number): Hung {
  const boxes: Box[] = [];
  let y = margin;
  for (const row of shelves.flatMap((shelf) => wrap(shelf, sizeOf, widthPx - 2 * margin))) {
    const rowWidth = row.reduce((sum, place) => sum + sizeOf(place).width + rowGap, -rowGap);
    const rowHeight = Math.max(...row.map((place) => sizeOf(place).height));
    let x = Math.max(margin, (widthPx - rowWidth) / 2);
    for (const place of row) {
      const size = place.gap ? { ...passage, height: rowHeight } : sizeOf(place);
      boxes.push({ id: place.id, x, y: y + (rowHeight - size.height) / 2, ...size });
      x += size.width + rowGap;
    }
    y += rowHeight + gapMin * 0.75;
  }
  return { width: widthPx, height: Math.max(0, y - gapMin * 0.75 + margin), boxes };
}

function wrap(shelf: readonly Place[], sizeOf: (place: Place) => Size, widthPx: number): Place[][] {
  const rows: Place[][] = [[]];
  let used = 0;
  for (const place of shelf) {
    const { width } = sizeOf(place);
    if (used > 0 && used + width > widthPx) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(place);
    used += width + rowGap;
  }
  return rows;
}

/** Leaves the first box, passes through the middle of each gap, and enters the last; every joint is smooth. */
function curve(boxes: readonly Box[], flow: Picture['flow']): string {
  const points = boxes.flatMap((box, i) => [
    ...(i === 0 ? [] : [side(box, flow, 'near')]),
    ...(i === boxes.length - 1 ? [] : [side(box, flow, 'far')]),
  ]);
  let path = '';
  points.forEach((to, i) => {
    const from = points[i - 1];
    if (from === undefined) path += `M${print(to)}`;
    else if (i % 2 === 0) path += `L${print(to)}`;
    else path += bend(from, to, flow);
  });
  return path;
}

function bend(from: Point, to: Point, flow: Picture['flow']): string {
  const reach = flow === 'right' ? Math.max(24, (to.x - from.x) / 2) : Math.max(24, (to.y - from.y) / 2);
  const a = flow === 'right' ? { x: from.x + reach, y: from.y } : { x: from.x, y: from.y + reach };
  const b = flow === 'right' ? { x: to.x - reach, y: to.y } : { x: to.x, y: to.y - reach };
  return `C${print(a)} ${print(b)} ${print(to)}`;
}

function side(box: Box, flow: Picture['flow'], which: 'near' | 'far'): Point {
  const far = which === 'far';
  return flow === 'right'
    ? { x: far ? box.x + box.width : box.x, y: box.y + box.height / 2 }
    : { x: box.x + box.width / 2, y: far ? box.y + box.height : box.y };
}

const print = ({ x, y }: Point) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
