// INV-03: Hale's own actions never take a service below its floor. Counted as the brain was told: a life that seems to serve may be
// stopped only while enough others serve. Losses by faults are not Hale's doing.
import { splitReplicaId } from '@hale/model';
import { isAstray, seemsToServe, servingOrdinals } from './court.ts';
import type { RefereeMaker } from './referee.ts';
import { createTerms } from './terms.ts';

export const refereeFloor: RefereeMaker = (court) => {
  const leaving = new Set<string>();
  const terms = createTerms();
  return {
    name: 'floor',
    command(command) {
      terms.note(command);
      if (command.kind !== 'StopReplica' || court.shutdown || leaving.has(command.incarnation)) return;
      leaving.add(command.incarnation);
      const { unit, ordinal } = splitReplicaId(command.replica);
      const spec = court.specs.get(unit);
      const wanted = court.wanted.get(unit) ?? 0;
      const told = court.seen.get(command.incarnation)?.observation;
      if (spec === undefined || wanted === 0 || told === undefined || !seemsToServe(told)) return;
      if (isAstray(court, told) || terms.isDeposed(told)) return;
      // Whom a person drains leaves on that person's word: it was weighed when the order came.
      if (court.drained.has(command.replica)) return;
      const floor = wanted === 1 ? (spec.surge ? 1 : 0) : wanted - 1;
      const left = servingOrdinals(court, unit, command.incarnation);
      // The last serving life of a slot that is not the cause of a gap elsewhere may still be exchanged for its own successor.
      if (left.has(ordinal) || left.size >= floor) return;
      court.blame('floor', `stopping ${command.replica} leaves ${left.size} of ${unit} serving, floor ${floor}`);
    },
  };
};
