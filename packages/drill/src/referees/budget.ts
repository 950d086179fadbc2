// The budget: no replica and no service is started more often than the ledger allows, and planned replacements never
// run side by side in one service. Counted from the commands alone.
import type { CommandId, Incarnation, ReplicaId } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { seemsToServe } from './court.ts';
import type { Court, RefereeMaker } from './referee.ts';

const windowMs = 60_000;

interface Start {
  readonly at: number;
  readonly replica: ReplicaId;
  readonly unit: string;
}

export const refereeBudget: RefereeMaker = (court) => {
  const starts: Start[] = [];
  const known = new Set<Incarnation>();
  const leaving = new Set<Incarnation>();
  // Replacements under way: the slot, and the serving life that its successor was started beside.
  const surges = new Map<ReplicaId, { beside: Incarnation; successor: Incarnation; start: CommandId; seen: boolean }>();
  const count = (command: { replica: ReplicaId; incarnation: Incarnation }) => {
    const { unit } = splitReplicaId(command.replica);
    starts.push({ at: court.now, replica: command.replica, unit });
    while (starts[0] !== undefined && court.now - starts[0].at >= windowMs) starts.shift();
    // One more than the ledger's five: the first start of a slot is no repair.
    const own = starts.filter((one) => one.replica === command.replica).length;
    if (own > 6) court.blame('budget', `${own} starts of ${command.replica} within a minute`);
    const wanted = court.wanted.get(unit) ?? 0;
    const ofUnit = starts.filter((one) => one.unit === unit).length;
    if (ofUnit > Math.max(10, 3 * wanted) + 2 * wanted)
      court.blame('budget', `${ofUnit} starts of ${unit} within a minute`);
  };
  return {
    name: 'budget',
    event(event) {
      if (event.kind === 'CommandFinished' && event.result.kind === 'failed') {
        for (const [replica, surge] of surges) if (surge.start === event.command) surges.delete(replica);
      }
      if (event.kind !== 'Observed') return;
      for (const one of event.observation.replicas) {
        const surge = surges.get(one.replica);
        if (surge?.successor !== one.incarnation) continue;
        surge.seen = true;
        if (one.process.kind === 'exited') surges.delete(one.replica);
      }
    },
    command(command) {
      if (command.kind === 'Tell' && command.note.kind === 'escalated' && command.note.replica !== undefined) {
        surges.delete(command.note.replica);
      }
      if (command.kind === 'StopReplica') leaving.add(command.incarnation);
      if (command.kind !== 'StartReplica' || known.has(command.incarnation)) return;
      known.add(command.incarnation);
      count(command);
      for (const [replica, surge] of surges) {
        if (isUnwanted(court, replica) || isOver(court, surge, leaving)) surges.delete(replica);
      }
      const beside = servingLife(court, command.replica, leaving);
      if (beside === undefined) return;
      const { unit } = splitReplicaId(command.replica);
      const other = [...surges.keys()].find((one) => one !== command.replica && splitReplicaId(one).unit === unit);
      if (other !== undefined) court.blame('budget', `${command.replica} and ${other} are replaced side by side`);
      surges.set(command.replica, { beside, successor: command.incarnation, start: command.id, seen: false });
    },
  };
};

/** A life of the slot that seems to serve and is not on its way out: another start is a planned replacement. */
function servingLife(court: Court, replica: ReplicaId, leaving: ReadonlySet<Incarnation>): Incarnation | undefined {
  for (const { observation } of court.seen.values()) {
    if (observation.replica !== replica || leaving.has(observation.incarnation)) continue;
    if (seemsToServe(observation)) return observation.incarnation;
  }
  return undefined;
}

/** Whatever replaced it goes as well. */
function isUnwanted(court: Court, replica: ReplicaId): boolean {
  const { unit, ordinal } = splitReplicaId(replica);
  return court.drained.has(replica) || ordinal >= (court.wanted.get(unit) ?? 0);
}

/** The old life has left, or the successor has come and gone. */
function isOver(
  court: Court,
  surge: { beside: Incarnation; successor: Incarnation; seen: boolean },
  leaving: ReadonlySet<Incarnation>,
): boolean {
  const successor = court.seen.has(surge.successor);
  const lost = surge.seen && !successor;
  surge.seen ||= successor;
  return lost || leaving.has(surge.beside) || leaving.has(surge.successor) || !court.seen.has(surge.beside);
}
