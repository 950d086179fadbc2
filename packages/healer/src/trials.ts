// Did it work? A remedy is believed when the life it made serves and the symptom has stayed away for a while; not when the
// command was carried out. Until then it is on trial, and a trial that fails counts towards giving up (INV-06).
import { formatDuration } from '@hale/base';
import type { CauseKind } from '@hale/model';
import { isNeverReady } from './detectors/slow-start.ts';
import { countFailure, giveUpWhenFutile, trialFailed } from './endings.ts';
import { isStillFull } from './full-disk.ts';
import { hold } from './holds.ts';
import { findIncident, leaveIncident } from './incidents.ts';
import { kill } from './leaving.ts';
import { limits } from './limits.ts';
import { isActive, isServing } from './lives.ts';
import type { Incident, Life, Slot, Trial, Unit } from './state.ts';
import { about, tell, type Work, wakeBy } from './work.ts';

export function judgeTrial(work: Work, unit: Unit, slot: Slot): void {
  const { trial } = slot;
  if (trial === undefined) return;
  const life = slot.lives.find((one) => one.incarnation === trial.incarnation);
  if (life === undefined || !isActive(life)) {
    slot.trial = undefined;
    return;
  }
  if (!isServing(unit, life)) {
    trial.goodSince = undefined;
    judgeUnready(work, unit, slot, life);
    return;
  }
  trial.goodSince ??= work.now;
  const dueAt = trial.goodSince + verifyAfterMs(work, slot, trial);
  if (work.now < dueAt) wakeBy(work, dueAt);
  else if (isStillFull(work, slot, life)) servesOnFullDisk(work, unit, slot);
  else trialPassed(work, unit, slot, trial);
}

/** A replacement that started and never became ready is given up while the one it should replace still runs. */
function judgeUnready(work: Work, unit: Unit, slot: Slot, life: Life): void {
  if (!isNeverReady(life)) return;
  const beside = slot.lives.some((one) => one !== life && isActive(one));
  if (!beside) {
    slot.turnAt = undefined;
    return;
  }
  kill(life, unit.spec.grace.stopMs);
  countFailure(work, slot, life);
  trialFailed(work, slot, life);
  const wide = unit.slots.filter((one) => one.lives.some((other) => other.symptoms.notReady !== undefined)).length > 1;
  // One try shows that a new life does not help.
  if (wide)
    hold(work, unit, slot, `a new ${slot.replica} fails like all of ${unit.spec.name}: replacing does not help`);
  else giveUpWhenFutile(work, unit, slot, 'it did not become ready');
}

function servesOnFullDisk(work: Work, unit: Unit, slot: Slot): void {
  slot.trial = undefined;
  slot.failedInRow = 0;
  slot.held = undefined;
  tell(work, 'info', `${slot.replica} serves what needs no room; its disk is still full`, about(unit, slot));
}

function verifyAfterMs(work: Work, slot: Slot, trial: Trial): number {
  if (trial.remedy === 'rollout') return limits.verifyMs;
  const incident = slot.incident === undefined ? undefined : findIncident(work, slot.incident);
  return incident === undefined || isEnd(incident.cause) ? limits.verifyExitMs : limits.verifyMs;
}

const isEnd = (cause: CauseKind) => cause === 'crash' || cause === 'disk';

function trialPassed(work: Work, unit: Unit, slot: Slot, trial: Trial): void {
  const goodSince = trial.goodSince ?? work.now;
  const incident = slot.incident === undefined ? undefined : findIncident(work, slot.incident);
  slot.trial = undefined;
  slot.failedInRow = 0;
  slot.held = undefined;
  if (trial.remedy === 'start') {
    const took = formatDuration(goodSince - trial.begunAt);
    tell(work, 'started', `${slot.replica} serves after ${took}`, about(unit, slot));
    // A first start heals nothing: what was suspected meanwhile went away by itself.
    leaveIncident(work, slot, 'inconclusive');
    return;
  }
  const since = incident?.openedMono ?? trial.begunAt;
  const what = incident === undefined ? slot.replica : nameTrouble(slot, incident);
  const took = formatDuration(goodSince - since);
  tell(
    work,
    'verified',
    `${what}; ${doneWords[trial.remedy] ?? trial.remedy}, serving again after ${took}`,
    about(unit, slot),
  );
  leaveIncident(work, slot, 'healed');
}

const doneWords: Readonly<Record<string, string>> = {
  restart: 'restarted',
  replace: 'replaced',
  rollout: 'rolled out',
  'slow try while held': 'started again',
};

const troubleWords: Readonly<Record<CauseKind, string>> = {
  crash: 'ended',
  'crash-loop': 'was in a crash loop',
  hang: 'hung',
  'blocked-loop': 'had a blocked main loop',
  'not-ready': 'was not ready',
  'not-live': 'was not live',
  'slow-start': 'did not start in time',
  memory: 'used too much memory',
  'dependency-down': 'missed what it uses',
  degraded: 'answered by fallback',
  'observer-or-shared-dependency': 'failed its probes',
  disk: 'had no disk left',
  'no-quorum': 'lost its quorum',
  'backup-overdue': 'missed its time',
  'proof-failed': 'did not hold what it should',
  'proof-overdue': 'was not proven in time',
  'log-behind': 'was behind',
};

/** What was the matter with this replica, in words; its incident may have others. */
function nameTrouble(slot: Slot, incident: Incident): string {
  const exit = incident.cause === 'crash' ? slot.lastExit : undefined;
  return `${slot.replica} ${exit ?? troubleWords[incident.cause]}`;
}
