// What follows when a life ends: one that was asked to leave leaves quietly; one that was not is a crash, which counts
// against its slot, fails the remedy that made it, and is told. Nothing is started here; that is decide's.
import type { CommandResult, ProcessState } from '@hale/model';
import { restartDelayMs, steadyAfterMs } from './backoff.ts';
import { describeCrashLoop, recentExits } from './detectors/crash-loop.ts';
import { describeExit, exitEvidence } from './detectors/exit.ts';
import { causeOfFailedStart, fullDiskIn, noRoomLine } from './detectors/full-disk.ts';
import { isFullAgain } from './full-disk.ts';
import { hold } from './holds.ts';
import { file, mark, settleRemedies } from './incidents.ts';
import { limits } from './limits.ts';
import { isActive, wants } from './lives.ts';
import { waitsForPrimary } from './postgres/starts.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, draw, tell, type Work } from './work.ts';

export interface Bed {
  readonly unit: Unit;
  readonly slot: Slot;
  readonly life: Life;
}

/** The process of this life has ended (or is gone). */
export function lifeEnded(
  work: Work,
  bed: Bed,
  process: ProcessState | undefined,
  lastWords: string | undefined,
): void {
  const { unit, slot, life } = bed;
  slot.lives = slot.lives.filter((one) => one !== life);
  // A definite exit is for ever; one that was only missing from a list may turn up again and is then adopted.
  if (process !== undefined) slot.gone = [...slot.gone, life.incarnation].slice(-limits.goneMax);
  if (!isActive(life) || work.brain.shutdown || !wants(slot, unit)) return;
  const said = describeExit(process);
  slot.lastExit = said;
  slot.exits = [...recentExits(slot.exits, work.now), work.now];
  unit.exits = [...recentExits(unit.exits, work.now), work.now];
  countFailure(work, slot, life);
  const full = fullDiskOf(life, process, lastWords);
  const again = full !== undefined && isFullAgain(work, unit, slot);
  file(work, unit, slot, {
    cause: full === undefined ? 'crash' : 'disk',
    title: `${slot.replica} ${said}${full === undefined ? '' : ': its disk is full'}`,
    evidence: [...exitEvidence(life, process, work.now), ...(full === undefined ? [] : [full])],
    attachment: lastWords === undefined ? said : `${said}\n${lastWords}`,
  });
  for (const moment of ['suspectedAt', 'condemnedAt', 'isolatedAt'] as const) mark(work, slot.incident, moment);
  trialFailed(work, slot, life);
  const loop = describeCrashLoop({
    replicaExits: slot.exits.length,
    unitExits: unit.exits.length,
    wanted: unit.wanted,
  });
  if (loop !== undefined) {
    file(work, unit, slot, {
      cause: 'crash-loop',
      title: `${slot.replica} is in a crash loop: ${loop}`,
      evidence: [`kernel: ${loop}`, `last: it ${said}`],
    });
    hold(work, unit, slot, `${slot.replica} is in a crash loop (${loop}; last: it ${said})`);
  } else if (again) hold(work, unit, slot, `${slot.replica} has no room on its disk (last: it ${said})`);
  else giveUpWhenFutile(work, unit, slot, `it ${said}`);
}

/** The line that says that it ended for want of room: its own, or the kernel's where it was silent and nobody ended it. */
function fullDiskOf(life: Life, process: ProcessState | undefined, words: string | undefined): string | undefined {
  const said = fullDiskIn(words);
  if (said !== undefined) return `words: ${said}`;
  const isOwnEnd = process?.kind === 'exited' && process.code !== undefined && process.code !== 0;
  return isOwnEnd && life.symptoms.noRoom !== undefined ? noRoomLine : undefined;
}

/** The hands could not start it at all. */
export function startFailed(work: Work, bed: Bed, result: Extract<CommandResult, { kind: 'failed' }>): void {
  const { unit, slot, life } = bed;
  slot.lives = slot.lives.filter((one) => one !== life);
  if (waitsForPrimary(unit, slot, result.code)) {
    slot.trial = undefined;
    settleRemedies(work, slot, 'inconclusive');
    tell(work, 'info', `${result.message}: it waits for that`, about(unit, slot));
    return;
  }
  slot.failures = Math.max(1, slot.failures);
  countFailure(work, slot, life);
  slot.lastExit = `cannot be started (${result.message})`;
  const cause = causeOfFailedStart(result.code);
  file(work, unit, slot, {
    cause,
    title: `${slot.replica} cannot be started: ${result.message}`,
    evidence: [`executor: ${result.code}: ${result.message}`, `hint: ${result.hint}`],
    attachment: `${result.message}\n${result.hint}`,
  });
  trialFailed(work, slot, life);
  if (cause === 'disk' && isFullAgain(work, unit, slot))
    hold(work, unit, slot, `${slot.replica} cannot be started: ${result.message}`);
  else giveUpWhenFutile(work, unit, slot, `${result.message}; ${result.hint}`);
}

/** A remedy's new life did not live up to it. */
export function trialFailed(work: Work, slot: Slot, life: Life): void {
  if (slot.trial?.incarnation !== life.incarnation) return;
  slot.trial = undefined;
  slot.failedInRow++;
  settleRemedies(work, slot, 'failed');
}

/** INV-06: after equal remedies have failed three times in a row the next one is a person. */
export function giveUpWhenFutile(work: Work, unit: Unit, slot: Slot, last: string): void {
  if (slot.held !== undefined) hold(work, unit, slot, slot.held.why);
  else if (slot.failedInRow >= limits.equalFailuresMax) {
    hold(work, unit, slot, `${slot.replica} was started ${slot.failedInRow} times in vain (last: ${last})`);
  }
}

/** One more failure of this slot: the delay before its next start grows, unless it had been steady. */
export function countFailure(work: Work, slot: Slot, life: Life): void {
  if (life.upAt !== undefined) {
    const startTookMs = life.upAt - life.orderedAt;
    if (work.now - life.upAt >= steadyAfterMs(startTookMs)) slot.failures = 0;
  }
  slot.failures++;
  slot.notBefore = work.now + restartDelayMs(slot.failures, draw(work));
}
