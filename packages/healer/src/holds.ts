// Giving up for now: the healer's own limit. A held slot asks a person once, and still tries slowly by itself, because the
// person may be asleep and the cause may go away. A replacement that was given up leaves the old life alone.
import type { CauseKind } from '@hale/model';
import { heldDelayMs } from './backoff.ts';
import { addRemedy, findIncident, reject } from './incidents.ts';
import { isActive, isServing } from './lives.ts';
import type { Hold, Slot, Unit } from './state.ts';
import { about, draw, give, tell, type Work, wakeBy } from './work.ts';

/** As the incident's remedy. */
export const holding = 'hold and page a person';

/** Holds the slot (again): the first time a person is paged, later only the next slow try is set. */
export function hold(work: Work, unit: Unit, slot: Slot, why: string): void {
  const kind = slot.lives.some(isActive) ? 'replace' : 'start';
  const retryAt = nextTry(work, slot);
  slot.turnAt = undefined;
  slot.replace = undefined;
  wakeBy(work, retryAt);
  if (slot.held !== undefined) {
    slot.held = { ...slot.held, kind, retryAt };
    return;
  }
  const oldIll = !slot.lives.some((life) => isServing(unit, life));
  slot.held = { since: work.now, why, kind, retryAt, oldIll, page: undefined };
  addRemedy(work, slot, holding);
  reject(work, slot, 'restart again at once', whyNotAgain(work, slot));
  tell(work, 'escalated', `${why}; held, a person is asked`, about(unit, slot));
  page(work, unit, slot, slot.held);
}

/** When a held slot is tried next. */
export function nextTry(work: Work, slot: Slot): number {
  return work.now + heldDelayMs(draw(work), causeOf(work, slot));
}

function whyNotAgain(work: Work, slot: Slot): string {
  if (causeOf(work, slot) === 'disk') return 'a restart makes no room';
  return 'three equal remedies failed in a row, or it is a loop';
}

function causeOf(work: Work, slot: Slot): CauseKind | undefined {
  return slot.incident === undefined ? undefined : findIncident(work, slot.incident)?.cause;
}

/** A new leader calls again where the last one may have died before its call went out: twice is a nuisance, never is a night (INV-08). */
export function askAgain(work: Work, unit: Unit, slot: Slot): void {
  if (slot.held?.page === undefined) return;
  tell(work, 'escalated', `${slot.held.why}; still held, a person is asked again`, about(unit, slot));
  page(work, unit, slot, slot.held);
}

function page(work: Work, unit: Unit, slot: Slot, held: Hold): void {
  const id = give(
    work,
    {
      kind: 'PagePerson',
      title: `${slot.replica} is held`,
      detail: `${held.why}. ${causeOf(work, slot) === 'disk' ? 'Free some disk space there: df -h . ' : ''}To try again now: hale restart ${unit.spec.name}`,
    },
    { reason: held.why, incident: slot.incident },
  );
  slot.held = { ...held, page: id };
}

/** Lets a held slot try again at once. */
export function letGo(work: Work, unit: Unit, slot: Slot, why: string): void {
  if (slot.held === undefined) return;
  slot.held = undefined;
  slot.failedInRow = 0;
  slot.failures = 0;
  slot.notBefore = work.now;
  tell(work, 'info', `${slot.replica} is no longer held: ${why}`, about(unit, slot));
}
