// Who leans on whom, as the graph draws it: the declared `uses`, and the road that requests take from the gateway to the
// services that stand behind it. Pure; it knows nothing of pixels.
import type { UnitName, UnitView } from '@hale/model';

export interface Edge {
  readonly from: UnitName;
  readonly to: UnitName;
}

/** Every arrow between known units, once. A gateway that declares no `uses` leads to the services that nobody else uses. */
export function edgesOf(units: readonly UnitView[]): readonly Edge[] {
  const known = new Set(units.map((unit) => unit.unit));
  const seen = new Set<string>();
  const edges: Edge[] = [];
  const add = (from: UnitName, to: UnitName) => {
    const key = `${from}>${to}`;
    if (from === to || !known.has(to) || seen.has(key)) return;
    seen.add(key);
    edges.push({ from, to });
  };
  for (const unit of units) for (const used of unit.uses) add(unit.unit, used);
  const used = new Set(edges.map((edge) => edge.to));
  for (const gateway of units.filter((unit) => unit.role === 'gateway')) {
    if (edges.some((edge) => edge.from === gateway.unit)) continue;
    for (const unit of units) if (unit.role === 'service' && !used.has(unit.unit)) add(gateway.unit, unit.unit);
  }
  return edges;
}
