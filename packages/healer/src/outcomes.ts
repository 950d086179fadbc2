// What became of a command. A command is only the wish; the world's state is what is observed, so 'done' proves little and
// 'failed' is a failure of the remedy like any other: it waits, and it is never repeated in a tight loop.
import type { CommandId, CommandResult } from '@hale/model';
import { restartDelayMs } from './backoff.ts';
import { type Bed, lifeEnded, startFailed } from './endings.ts';
import { limits } from './limits.ts';
import { foldAnswer } from './postgres/answers.ts';
import { foldPublished } from './rotation.ts';
import { about, give, tell, type Work } from './work.ts';

export function foldOutcome(work: Work, command: CommandId, result: CommandResult): void {
  if (foldAnswer(work, command, result) || foldPublished(work, command, result)) return;
  for (const unit of work.brain.units) {
    for (const slot of unit.slots) {
      if (slot.held?.page === command) {
        if (result.kind === 'done') slot.held = { ...slot.held, page: undefined };
        return;
      }
      for (const life of slot.lives) {
        const bed = { unit, slot, life };
        if (life.startCommand === command) {
          started(work, bed, result);
          return;
        }
        if (life.stopCommand === command) {
          stopped(work, bed, result);
          return;
        }
      }
    }
  }
}

function started(work: Work, bed: Bed, result: CommandResult): void {
  const { life } = bed;
  life.startCommand = undefined;
  if (result.kind === 'done') life.acked = true;
  else if (result.kind === 'failed') startFailed(work, bed, result);
  else if (result.kind === 'timeout') {
    if (life.startTries < limits.equalFailuresMax) life.commandAfter = work.now + limits.backoffBaseMs * 4;
    else {
      const hint = 'look at the log of the control process: hale logs control';
      const message = `three start commands were not finished in time`;
      startFailed(work, bed, { kind: 'failed', code: 'HALE_HEALER_START_TIMEOUT', message, hint });
    }
  }
}

function stopped(work: Work, bed: Bed, result: CommandResult): void {
  const { unit, slot, life } = bed;
  life.stopCommand = undefined;
  if (result.kind === 'done' && life.seen === undefined && !life.acked) {
    // Its start was lost with a leader: no observation will ever say that it is gone. Should it turn up all the same, it is adopted.
    lifeEnded(work, bed, undefined, undefined);
    return;
  }
  if (result.kind === 'done') {
    // Gone is what the next observation says; ask again should it still be there then.
    life.commandAfter = work.now + limits.stopMarginMs;
    return;
  }
  if (result.kind === 'stale') return;
  life.commandAfter = work.now + Math.max(1_000, restartDelayMs(life.stopTries + 3, 1));
  if (life.stopTries !== limits.equalFailuresMax) return;
  const said = result.kind === 'failed' ? result.message : 'the command was not finished in time';
  const text = `${slot.replica} cannot be stopped: ${said}`;
  tell(work, 'escalated', text, about(unit, slot));
  give(work, { kind: 'PagePerson', title: `${slot.replica} cannot be stopped`, detail: text }, { reason: text });
}
