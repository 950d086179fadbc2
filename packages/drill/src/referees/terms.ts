// The newest term of each database cluster that was begun, whoever is its primary. Who says of itself that it lives in an older one is deposed: what it
// runs on may hold what its new primary never had, so it serves nobody and must not be left as it is. Kept by referees that judge who is stopped.
import type { Command, ReplicaObservation } from '@hale/model';
import { splitReplicaId } from '@hale/model';

export interface Terms {
  note(command: Command): void;
  isDeposed(seen: ReplicaObservation): boolean;
}

export function createTerms(): Terms {
  const newest = new Map<string, number>();
  return {
    note(command) {
      if (command.kind === 'PromoteStandby' || command.kind === 'FenceStandby')
        newest.set(splitReplicaId(command.replica).unit, command.term);
    },
    isDeposed: ({ replica, database }) =>
      database !== undefined && database.term < (newest.get(splitReplicaId(replica).unit) ?? 0),
  };
}
