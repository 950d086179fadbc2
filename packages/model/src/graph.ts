// Who needs whom, as arrows between names: the order in which a house is built (foundations first), the order in which
// it is taken down (the reverse), and the circle that makes building impossible. Knows nothing of services; arrows to
// names that are not in the graph are ignored, because the parser has already complained about them.

/** Name -> the names it needs. The order of keys is the order among equals. */
export type Graph = Readonly<Record<string, readonly string[]>>;

/** Every name after all that it needs (depth first, stable). Names on a cycle come in the order they are met. */
export function startOrder(graph: Graph): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const needed of neededBy(graph, name)) visit(needed);
    order.push(name);
  };
  for (const name of Object.keys(graph)) visit(name);
  return order;
}

/** The order in which to stop: whoever uses something goes before it. */
export function stopOrder(graph: Graph): readonly string[] {
  return startOrder(graph).toReversed();
}

/** The first circle met, closed: ['orders', 'payments', 'orders']; undefined where there is none. */
export function findCycle(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    const at = trail.indexOf(name);
    if (at >= 0) return [...trail.slice(at), name];
    if (done.has(name)) return undefined;
    trail.push(name);
    for (const needed of neededBy(graph, name)) {
      const cycle = visit(needed);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(graph)) {
    const cycle = visit(name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Everything that `name` needs, directly or through others, without itself; in start order. */
export function needsOf(graph: Graph, name: string): readonly string[] {
  return reach(graph, name);
}

/** Everything that needs `name`, directly or through others, without itself; in start order. */
export function dependantsOf(graph: Graph, name: string): readonly string[] {
  const reversed: Record<string, string[]> = {};
  for (const key of Object.keys(graph)) reversed[key] = [];
  for (const key of Object.keys(graph)) for (const needed of neededBy(graph, key)) reversed[needed]?.push(key);
  const found = new Set(reach(reversed, name));
  return startOrder(graph).filter((key) => found.has(key));
}

function reach(graph: Graph, from: string): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const next of neededBy(graph, name)) {
      if (next === from || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return startOrder(graph).filter((name) => found.has(name));
}

function neededBy(graph: Graph, name: string): readonly string[] {
  return (graph[name] ?? []).filter((needed) => Object.hasOwn(graph, needed));
}
