// The way to each database cluster, for the relays: its primary while one accepts writes, and the standbys that keep up with it.
import type { DatabaseEndpoints, DatabaseNode } from '@hale/model';
import { isActive, isServing, wants } from '../lives.ts';
import type { Cluster, Unit } from '../state.ts';
import { isDistant, primarySlot, type Seat, seatsOf } from './cluster.ts';

export function databasesOf(units: readonly Unit[]): readonly DatabaseEndpoints[] {
  return units.flatMap((unit) => {
    const { cluster } = unit;
    if (cluster === undefined) return [];
    const seats = seatsOf(unit);
    const primary = openOf(unit, cluster);
    const readers = seats.filter(
      ({ slot, life, node }) =>
        slot.replica !== cluster.primary &&
        !isDistant(unit, slot.replica) &&
        node.follows === cluster.term &&
        life.seen?.database?.streaming === true &&
        isServing(unit, life),
    );
    return [
      {
        name: unit.spec.name,
        term: cluster.term,
        primary: primary && addressOf(primary)[0],
        readers: readers.flatMap(addressOf),
      },
    ];
  });
}

/**
 * Who accepts writes, also while its process stands still for a moment: that is suspected long before it is condemned, and whoever is with it would
 * be cut for nothing.
 */
function openOf(unit: Unit, cluster: Cluster): Pick<Seat, 'slot' | 'life'> | undefined {
  const slot = primarySlot(unit, cluster);
  const life = slot?.lives.findLast(isActive);
  return slot && life && life.incarnation === cluster.open && wants(slot, unit) ? { slot, life } : undefined;
}

function addressOf({ slot, life }: Pick<Seat, 'slot' | 'life'>): readonly DatabaseNode[] {
  const { seen } = life;
  if (seen?.port === undefined) return [];
  return [{ replica: slot.replica, address: seen.address, port: seen.port }];
}
