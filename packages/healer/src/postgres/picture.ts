// What a database cluster looks like to a person: who writes, who copies it and how far behind, and what that means for writes.
import type { ReplicaView, UnitView } from '@hale/model';
import { isActive } from '../lives.ts';
import type { Life, Slot, Unit } from '../state.ts';
import { describeAlone } from './alone.ts';
import { isDistant, seatsOf } from './cluster.ts';

/** What a serving node is, in words; undefined for whoever is no node of a cluster. */
export function describeNode(unit: Unit, slot: Slot, life: Life): string | undefined {
  const { cluster } = unit;
  if (cluster === undefined) return undefined;
  if (slot.replica === cluster.primary)
    return cluster.open === life.incarnation ? `the primary of term ${cluster.term}` : 'to be the primary';
  const database = life.seen?.database;
  const what = isDistant(unit, slot.replica) ? `an asynchronous standby in ${slot.zone}` : 'a standby';
  if (database?.streaming !== true) return `${what}; receives nothing from ${cluster.primary}`;
  return database.lagMs === undefined ? `${what}, up to date` : `${what}, ${database.lagMs} ms behind`;
}

export function roleOf(unit: Unit, slot: Slot, life: Life): Pick<ReplicaView, 'database'> {
  const { cluster } = unit;
  if (cluster === undefined || !isActive(life)) return {};
  if (slot.replica !== cluster.primary) return { database: 'standby' };
  return cluster.open === life.incarnation ? { database: 'primary' } : {};
}

/** The state of a cluster whose nodes all run, or some; undefined where the usual words do. */
export function clusterState(unit: Unit): Pick<UnitView, 'state' | 'why'> | undefined {
  const { cluster } = unit;
  if (cluster === undefined || !unit.everServed) return undefined;
  const standbys = unit.wanted - 1;
  const receiving = seatsOf(unit).filter(
    ({ slot, life }) => slot.replica !== cluster.primary && life.seen?.database?.streaming === true,
  );
  const streaming = receiving.length;
  const acknowledging = receiving.filter(({ slot }) => !isDistant(unit, slot.replica)).length;
  if (cluster.open === undefined) {
    const why =
      cluster.election === undefined ? `${cluster.primary} does not accept writes yet` : 'a standby takes over';
    return { state: 'down', why };
  }
  const alone = describeAlone(unit, cluster);
  if (alone !== undefined) return { state: 'healing', why: alone };
  const why = `${cluster.primary} is the primary, ${streaming} of ${standbys} standbys stream`;
  if (acknowledging < (unit.spec.cluster?.acknowledgers ?? 0))
    return { state: 'down', why: `${why}: writes wait for one` };
  return streaming < standbys ? { state: 'healing', why } : { state: 'healthy', why };
}
