// May a node of a database cluster be started now, and as what? The primary of the term may, unless another is being chosen; a
// standby may once there is a primary to copy, or when its own copy is of this term already (then it can also be asked for
// its vote). It says nothing about delays and budgets: those are everybody's.
import type { DatabaseTerm } from '@hale/model';
import type { Slot, Unit } from '../state.ts';
import { isJoined, primarySlot } from './cluster.ts';

/** What to start it as; 'later' while that is open; undefined for whoever is no node of a cluster. */
export function databaseTermFor(unit: Unit, slot: Slot): DatabaseTerm | 'later' | undefined {
  if (unit.spec.cluster === undefined) return undefined;
  const { cluster } = unit;
  if (cluster === undefined) return 'later';
  const { term, primary } = cluster;
  const isOver = cluster.election !== undefined || cluster.moving !== undefined;
  if (slot.replica === primary) return !isOver ? { term, primary, from: undefined } : 'later';
  const open = primarySlot(unit, cluster)?.lives.find(({ incarnation }) => incarnation === cluster.open)?.seen;
  const rebuild = slot.rebuild === true ? { rebuild: true as const } : {};
  if (open?.port !== undefined && cluster.election === undefined)
    return { term, primary, from: { address: open.address, port: open.port }, ...rebuild };
  if (!isJoined(cluster, slot.replica) || slot.rebuild === true) return 'later';
  return { term, primary, from: undefined };
}

/**
 * Whether a start was refused because there is nobody to copy yet: its data is no whole copy, and the primary, whose recovery may take minutes, does
 * not serve. That is no failure of the start, however soon it would be tried again: it waits for the primary, and nobody is called for it.
 */
export function waitsForPrimary(unit: Unit, slot: Slot, code: string): boolean {
  if (unit.spec.cluster === undefined || code !== 'HALE_PLATFORM_POSTGRES_NO_PRIMARY') return false;
  slot.rebuild = true;
  return databaseTermFor(unit, slot) === 'later';
}
