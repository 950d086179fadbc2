// INV-06: never more than three equal failed remedies in a row. After three starts of one replica of which none was verified, a person
// must have been asked, and further tries are slow. Who has been asked stays asked until a person (or a changed program) lets the
// replica try anew: a declaration of other services, or a new leader that says the old one again, takes nothing back.
import type { CommandId, Order, ReplicaId, UnitSpec } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import type { Court, RefereeMaker } from './referee.ts';

const slowMs = 25_000;
const nobodyToCopy = 'HALE_PLATFORM_POSTGRES_NO_PRIMARY';

/** Whether somebody of its unit was seen to be the primary and to answer. */
function isWithPrimary(court: Court, replica: ReplicaId): boolean {
  const { unit } = splitReplicaId(replica);
  return [...court.seen.values()].some(
    ({ observation: { replica: one, database, process, ready } }) =>
      splitReplicaId(one).unit === unit &&
      database?.role === 'primary' &&
      process.kind === 'running' &&
      ready.verdict === 'pass',
  );
}

export const refereeFutility: RefereeMaker = (court) => {
  const tries = new Map<ReplicaId, { inRow: number; lastAt: number; paged: boolean; freed: boolean }>();
  const known = new Set<string>();
  const starts = new Map<CommandId, ReplicaId>();
  const of = (replica: ReplicaId) => {
    const found = tries.get(replica) ?? { inRow: 0, lastAt: Number.NEGATIVE_INFINITY, paged: false, freed: false };
    tries.set(replica, found);
    return found;
  };
  const prints = new Map<string, string>();
  const forget = (unit: string, fromOrdinal = 0) => {
    for (const replica of tries.keys()) {
      const id = splitReplicaId(replica);
      if (id.unit === unit && id.ordinal >= fromOrdinal) tries.delete(replica);
    }
  };
  const declare = (units: readonly UnitSpec[]) => {
    for (const { name, fingerprint } of units) {
      if (prints.get(name) !== fingerprint) forget(name);
      prints.set(name, fingerprint);
    }
  };
  const obey = (order: Order) => {
    if (order.kind === 'resume' || order.kind === 'failover') forget(order.unit);
    else if (order.kind === 'scale') forget(order.unit, order.replicas);
    else if (order.kind === 'drain') tries.delete(order.replica);
    else if (order.kind === 'restart' && order.replica === undefined) forget(order.unit);
    else if (order.kind === 'restart' && order.replica !== undefined) tries.delete(order.replica);
  };
  return {
    name: 'futility',
    event(event) {
      // What a person orders or declares anew deserves its own tries.
      if (event.kind === 'SystemDeclared') declare(event.units);
      else if (event.kind === 'OrderReceived') obey(event.order);
      // There was nobody to copy: it was no try, and no person could help.
      else if (
        event.kind === 'CommandFinished' &&
        event.result.kind === 'failed' &&
        event.result.code === nobodyToCopy
      ) {
        const replica = starts.get(event.command);
        if (replica !== undefined && !isWithPrimary(court, replica)) of(replica).inRow--;
        starts.delete(event.command);
      }
    },
    command(command) {
      if (command.kind === 'Tell') {
        const { replica, kind, text } = command.note;
        // A dependency that comes back may cut a wait short.
        if (kind === 'verified' || kind === 'started' || kind === 'info')
          for (const one of tries.values()) one.freed = true;
        if (replica === undefined) return;
        if (kind === 'verified' || kind === 'started' || text.includes('adopted') || text.includes('no longer held'))
          tries.delete(replica);
      }
      // Asked is who was called: a line of the story calls nobody.
      if (command.kind === 'PagePerson') of(command.title.split(' ')[0] as ReplicaId).paged = true;
      if (command.kind !== 'StartReplica' || known.has(command.incarnation)) return;
      known.add(command.incarnation);
      starts.set(command.id, command.replica);
      const record = of(command.replica);
      record.inRow++;
      if (record.inRow > 4 && !record.paged)
        court.blame('futility', `start ${record.inRow} of ${command.replica} in vain, and nobody was asked`);
      if (record.paged && record.inRow > 4 && !record.freed && court.now - record.lastAt < slowMs) {
        court.blame('futility', `${command.replica} is held and was tried again after ${court.now - record.lastAt}ms`);
      }
      record.lastAt = court.now;
      record.freed = false;
    },
  };
};
