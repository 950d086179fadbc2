// How large a unit's room is drawn, and how dense the dashes towards it march. Sizes depend on the number of replicas
// only, never on their state, so that the picture stays still while things fail and heal. In CSS pixels.
import type { Edge } from './edges.ts';
import { layOut, type Picture, type Size } from './layout.ts';

/** Above this many replicas they are drawn as dots without a number. */
const pillsMax = 6;
const roomy = 212;
const tight = 172;
/** Two rooms side by side on a telephone. */
const tiny = 158;
const padding = 28;

/** Whether so many replicas are drawn as dots. */
export function dotsOnly(replicas: number): boolean {
  return replicas > pillsMax;
}

/** The picture of units with so many replicas each: from left to right where the wall is wide enough, else downwards. */
export function drawRooms(replicas: ReadonlyMap<string, number>, edges: readonly Edge[], widthPx: number): Picture {
  const draw = (roomWidth: number) =>
    layOut(new Map([...replicas].map(([unit, count]) => [unit, roomSize(count, roomWidth)])), edges, widthPx);
  const wide = draw(roomy);
  if (wide.flow === 'right') return wide;
  const narrow = draw(tight);
  if (narrow.flow === 'right') return narrow;
  return widthPx < 2 * roomy + 48 ? draw(tiny) : wide;
}

function roomSize(replicas: number, width: number): Size {
  const inner = width - padding;
  const rows = dotsOnly(replicas) ? Math.ceil(replicas / Math.floor(inner / 20)) : Math.max(1, Math.ceil(replicas / 2));
  const rowHeight = dotsOnly(replicas) ? 20 : 30;
  return { width, height: 76 + rows * rowHeight };
}

/** How close together the dashes towards a unit march; none without traffic. */
export function flowDensity(requestsPerSecond: number): 'slow' | 'steady' | 'fast' | undefined {
  if (requestsPerSecond < 0.05) return undefined;
  if (requestsPerSecond < 20) return 'slow';
  return requestsPerSecond < 300 ? 'steady' : 'fast';
}
