// Puts a graph on shelves: whatever is used stands at least one shelf further than its user (Sugiyama, 1981: longest
// path, then sweeps that order each shelf by the mean place of its neighbours, so that few arrows cross). An arrow that
// jumps over a shelf gets a place of its own on it, so that it passes between rooms and not through them.
import type { Edge } from './edges.ts';

/** A place on a shelf: a room, or the gap that a long arrow passes through. */
export interface Place {
  readonly id: string;
  readonly gap: boolean;
}

export interface Layers {
  readonly shelves: readonly (readonly Place[])[];
  /** For each arrow, the places it visits from first to last. */
  readonly paths: readonly { readonly edge: Edge; readonly via: readonly string[] }[];
}

const sweeps = 6;

/** Shelves of `names`; arrows that close a circle do not push anything further. */
export function layerGraph(names: readonly string[], edges: readonly Edge[]): Layers {
  const depth = depthsOf(names, edges);
  const shelves: Place[][] = Array.from(
    { length: Math.max(0, ...depth.values()) + (names.length > 0 ? 1 : 0) },
    () => [],
  );
  for (const id of names) shelves[depth.get(id)!]?.push({ id, gap: false });
  const paths = edges.map((edge) => ({ edge, via: pathOf(edge, depth, shelves) }));
  return { shelves: orderShelves(shelves, paths), paths };
}

/** Longest path from a room that nobody uses; a depth-first walk that ignores arrows back to where it came from. */
function depthsOf(names: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const forward = new Map<string, string[]>(names.map((name) => [name, []]));
  const entered = new Set<string>();
  const finished: string[] = [];
  const onTheWay = new Set<string>();
  for (const { from, to } of edges) forward.get(from)?.push(to);
  const walk = (name: string) => {
    entered.add(name);
    onTheWay.add(name);
    const kept = (forward.get(name) ?? []).filter((to) => !onTheWay.has(to));
    forward.set(name, kept);
    for (const to of kept) if (!entered.has(to)) walk(to);
    onTheWay.delete(name);
    finished.push(name);
  };
  for (const name of names) if (!entered.has(name)) walk(name);
  const depth = new Map<string, number>(names.map((name) => [name, 0]));
  for (const name of finished.reverse())
    for (const to of forward.get(name) ?? []) depth.set(to, Math.max(depth.get(to)!, depth.get(name)! + 1));
  return depth;
}

function pathOf(edge: Edge, depth: ReadonlyMap<string, number>, shelves: Place[][]): readonly string[] {
  const start = depth.get(edge.from) ?? 0;
  const end = depth.get(edge.to) ?? 0;
  const via = [edge.from];
  for (let shelf = start + 1; shelf < end; shelf++) {
    const id = `${edge.from}>${edge.to}@${shelf}`;
    shelves[shelf]?.push({ id, gap: true });
    via.push(id);
  }
  return [...via, edge.to];
}

function orderShelves(shelves: Place[][], paths: Layers['paths']): Place[][] {
  const neighbours = new Map<string, string[]>();
  const join = (a: string, b: string) => neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
  for (const { via } of paths)
    for (let i = 1; i < via.length; i++) {
      join(via[i - 1]!, via[i]!);
      join(via[i]!, via[i - 1]!);
    }
  const rank = new Map<string, number>();
  const note = () => {
    for (const shelf of shelves) shelf.forEach((place, i) => void rank.set(place.id, (i + 0.5) / shelf.length));
  };
  note();
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const shelf of sweep % 2 === 0 ? shelves.slice(1) : [...shelves].reverse()) {
      const wish = new Map(shelf.map((place) => [place.id, meanRank(place.id, neighbours, rank)]));
      shelf.sort((a, b) => wish.get(a.id)! - wish.get(b.id)!);
      shelf.forEach((place, i) => void rank.set(place.id, (i + 0.5) / shelf.length));
    }
  }
  return shelves;
}

function meanRank(id: string, neighbours: ReadonlyMap<string, string[]>, rank: ReadonlyMap<string, number>): number {
  const near = neighbours.get(id);
  if (near === undefined || near.length === 0) return rank.get(id) ?? 0;
  return near.reduce((sum, other) => sum + (rank.get(other) ?? 0), 0) / near.length;
}
