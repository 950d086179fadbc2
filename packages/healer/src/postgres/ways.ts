// The way to each database cluster, for the relays: its primary while one accepts writes, and the standbys that keep up with it.
import type { DatabaseEndpoints, DatabaseNode } from '@hale/model';
import { isServing } from '../lives.ts';
import type { Unit } from '../state.ts';
import { isDistant, type Seat, seatsOf } from './cluster.ts';

export function databasesOf(units: readonly Unit[]): readonly DatabaseEndpoints[] {
  return units.flatMap((unit) => {
    const { cluster } = unit;
    if (cluster === undefined) return [];
    const seats = seatsOf(unit);
    const primary = seats.find(({ life }) => life.incarnation === cluster.open);
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
        primary: primary === undefined ? undefined : addressOf(primary)[0],
        readers: readers.flatMap(addressOf),
      },
    ];
  });
}

function addressOf({ slot, life }: Seat): readonly DatabaseNode[] {
  const { seen } = life;
  if (seen?.port === undefined) return [];
  return [{ replica: slot.replica, address: seen.address, port: seen.port }];
}
