// What became of a command to a node of a database cluster. 'done' of a promotion is believed at once, because waiting for the
// next look would cost its callers; everything else is confirmed by what is seen.
import type { CommandId, CommandResult } from '@hale/model';
import { limits } from '../limits.ts';
import type { Life, Slot, Unit } from '../state.ts';
import { about, tell, type Work } from '../work.ts';
import { foldAlone } from './alone.ts';
import { foldFence } from './election.ts';
import { openFor } from './tend.ts';

/** Takes the answer to `command`, if a node waits for it. */
export function foldAnswer(work: Work, command: CommandId, result: CommandResult): boolean {
  for (const unit of work.brain.units) {
    if (unit.cluster === undefined) continue;
    for (const slot of unit.slots) {
      for (const life of slot.lives) {
        if (life.node?.command?.id !== command) continue;
        answered(work, { unit, slot, life }, result);
        return true;
      }
    }
  }
  return false;
}

interface Asked {
  readonly unit: Unit;
  readonly slot: Slot;
  readonly life: Life;
}

function answered(work: Work, { unit, slot, life }: Asked, result: CommandResult): void {
  const { node } = life;
  const { cluster } = unit;
  const asked = node?.command;
  if (node === undefined || cluster === undefined || asked === undefined) return;
  node.command = undefined;
  if (result.kind !== 'done') {
    node.notBefore = work.now + limits.clusterAgainMs;
    if (asked.kind === 'fence' && cluster.election === undefined) node.astray = cluster.term;
    if (result.kind === 'failed' && node.refused !== result.message) {
      node.refused = result.message;
      tell(work, 'info', `${slot.replica}: ${result.message}`, about(unit, slot));
    }
    return;
  }
  node.refused = undefined;
  if (asked.kind === 'fence' && result.logEnd !== undefined) foldFence(unit, { slot, life }, result.logEnd);
  if (asked.kind === 'follow') {
    node.follows = cluster.term;
    node.followedAt = work.now;
    node.dryAt = undefined;
    node.dryEnd = undefined;
  }
  if (asked.kind === 'alone' || asked.kind === 'share') foldAlone(cluster, life, asked.kind);
  if (asked.kind === 'promote' && cluster.election === undefined && slot.replica === cluster.primary)
    openFor(work, unit, cluster, life);
}
