// From what is seen to what is the matter: every detector looks at every life, the observer itself is examined first,
// and findings become suspicion (reversible), condemnation (two witnesses) or a wish for a planned replacement.
import { noteCutOff } from './cut-off.ts';
import { detectBlockedLoop } from './detectors/blocked-loop.ts';
import { detectCutOff } from './detectors/cut-off.ts';
import { detectDeafPrimary } from './detectors/deaf-primary.ts';
import type { Detector, Finding, Scene } from './detectors/finding.ts';
import { detectFullDisk } from './detectors/full-disk.ts';
import { detectLostData } from './detectors/lost-data.ts';
import { detectMemory } from './detectors/memory.ts';
import { detectNotLive } from './detectors/not-live.ts';
import { detectNotReady } from './detectors/not-ready.ts';
import { detectSilent } from './detectors/silent.ts';
import { detectSlowStart } from './detectors/slow-start.ts';
import { detectStopped } from './detectors/stopped.ts';
import { askForRoom } from './full-disk.ts';
import { hearsay } from './hearsay.ts';
import { file, mark, reject } from './incidents.ts';
import { limits } from './limits.ts';
import { isActive, isUp, wants } from './lives.ts';
import { copiesOf, othersWithData } from './postgres/cluster.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, tell, type Work, wakeBy } from './work.ts';

const detectors: readonly Detector[] = [
  detectStopped,
  detectBlockedLoop,
  detectSilent,
  detectNotLive,
  detectDeafPrimary,
  detectFullDisk,
  detectLostData,
  detectSlowStart,
  detectNotReady,
  detectCutOff,
  detectMemory,
];

/** Judges every life; gives the lives that have a finding, whether it is acted on or not. */
export function diagnose(work: Work): ReadonlySet<Life> {
  const ill = new Set<Life>();
  if (work.brain.shutdown) return ill;
  for (const unit of work.brain.units) {
    const setting = settingOf(work, unit);
    for (const slot of unit.slots) {
      if (!wants(slot, unit)) continue;
      for (const life of slot.lives) {
        if (!isActive(life) || life.seen === undefined) continue;
        if (judge(work, unit, slot, sceneOf(setting, unit, life))) ill.add(life);
      }
    }
  }
  return ill;
}

function judge(work: Work, unit: Unit, slot: Slot, scene: Scene): boolean {
  const { life } = scene;
  const findings: Finding[] = [];
  for (const detect of detectors) {
    const finding = detect(scene);
    if (finding !== undefined) findings.push(finding);
  }
  const grave = findings.find((one) => one.condemned) ?? findings.find(isHangLike);
  if (grave !== undefined) suspect(work, unit, slot, { life, finding: grave });
  else if (life.suspect !== undefined) clear(work, unit, slot, life);
  if (grave?.condemned === true) condemn(work, unit, slot, { life, finding: grave });
  // A wish that had to wait its turn does not outlive the belief in it.
  if (!findings.some(({ cause }) => cause === 'not-ready')) forgetWish(slot, life);
  for (const finding of findings) if (!isHangLike(finding)) plan(work, unit, slot, { life, finding });
  return findings.length > 0;
}

function isHangLike(finding: Finding): boolean {
  return finding.cause === 'hang' || finding.cause === 'blocked-loop' || finding.cause === 'not-live';
}

type Setting = Omit<Scene, 'life' | 'othersWithData' | 'copies'>;

/** What is the same for all lives of a unit. */
function settingOf(work: Work, unit: Unit): Setting {
  const { brain } = work;
  const sick = unit.slots.filter((slot) => slot.lives.some((one) => isUp(one) && one.symptoms.notReady !== undefined));
  const down = unit.spec.uses.find((name) => {
    const used = brain.units.find((one) => one.spec.name === name);
    return used !== undefined && used.wanted > 0 && used.serving === 0;
  });
  return {
    unit: unit.spec,
    now: work.now,
    observerLagged: work.now < brain.discountUntil,
    observerSick: brain.observerSick !== undefined,
    hostBusy: work.now < brain.hostBusyUntil,
    alone: sick.length <= 1,
    dependencyDown: down,
  };
}

/** The others of a cluster are only looked at by who has a question about them: most have none. */
function sceneOf(setting: Setting, unit: Unit, life: Life): Scene {
  return { ...setting, life, othersWithData: () => othersWithData(unit, life), copies: () => copiesOf(unit, life) };
}

interface Case {
  readonly life: Life;
  readonly finding: Finding;
}

/** Reversible: out of rotation while it is looked at. */
function suspect(work: Work, unit: Unit, slot: Slot, { life, finding }: Case): void {
  if (life.suspect !== undefined) {
    life.suspect = { ...life.suspect, text: finding.text };
    return;
  }
  life.suspect = { cause: finding.cause, at: work.now, text: finding.text };
  const title = `${slot.replica} is suspected: ${finding.text}`;
  fileFinding(work, unit, slot, { life, finding }, title);
  mark(work, slot.incident, 'suspectedAt');
  tell(work, 'suspected', title, about(unit, slot));
  if (!unit.spec.routed) return;
  mark(work, slot.incident, 'isolatedAt');
  tell(work, 'isolated', `${slot.replica} is sent no new traffic while another can take it`, about(unit, slot));
  reject(work, slot, 'kill at once', 'a second witness or more time is needed');
}

function clear(work: Work, unit: Unit, slot: Slot, life: Life): void {
  life.suspect = undefined;
  tell(work, 'info', `${slot.replica} works again by itself; the suspicion is dropped`, about(unit, slot));
}

/** INV-04: only on two witnesses, as each detector has checked, on what was seen just now, and when it can be acted on at once. */
function condemn(work: Work, unit: Unit, slot: Slot, { life, finding }: Case): void {
  if (!work.brain.sawFull) return;
  if (life.condemned !== undefined || work.now - life.seenAt > limits.freshMs) return;
  fileFinding(work, unit, slot, { life, finding }, `${slot.replica}: ${finding.text}`);
  if (unit.spec.hang.action === 'observe' && isHangLike(finding)) {
    reject(work, slot, 'replace', `hang.action of ${unit.spec.name} is 'observe'`);
    return;
  }
  life.condemned = { cause: finding.cause, at: work.now };
  mark(work, slot.incident, 'suspectedAt');
  mark(work, slot.incident, 'condemnedAt');
  mark(work, slot.incident, 'isolatedAt');
  const witnesses = finding.evidence.join('; ');
  tell(work, 'condemned', `${slot.replica} is condemned: ${finding.text} (${witnesses})`, about(unit, slot));
}

/** What still serves, or may serve again by itself, is at most replaced in an orderly way. */
function plan(work: Work, unit: Unit, slot: Slot, { life, finding }: Case): void {
  if (finding.cause === 'memory') {
    fileFinding(work, unit, slot, { life, finding }, `${slot.replica}: ${finding.text}`);
    if (slot.held === undefined) slot.replace ??= { of: life.incarnation, remedy: 'replace', why: finding.text };
  }
  if (finding.isTold) noteCutOff(work, unit, slot, finding);
  if (finding.cause === 'disk' && !finding.condemned) askForRoom(work, unit, slot, finding);
  if (finding.isTold || (finding.cause !== 'not-ready' && finding.cause !== 'dependency-down')) return;
  const since = life.symptoms.notReady ?? work.now;
  if (life.readyAt === undefined && slot.lives.length > 1) return;
  wakeBy(work, since + limits.notReadyTellMs);
  if (work.now - since < limits.notReadyTellMs) return;
  if (slot.incident === undefined && unit.spec.routed) {
    tell(work, 'isolated', `${slot.replica} is out of rotation: ${finding.text}`, about(unit, slot));
  }
  fileFinding(work, unit, slot, { life, finding }, `${slot.replica}: ${finding.text}`);
  mark(work, slot.incident, 'suspectedAt');
  mark(work, slot.incident, 'isolatedAt');
  if (finding.cause === 'dependency-down') {
    reject(work, slot, 'replace', 'the cause is what it uses');
    return;
  }
  // Judged at an observation that still says so, not by the clock (INV-04).
  if (life.seenAt - since < limits.notReadyPatienceMs || slot.held !== undefined) return;
  const doubt =
    life.symptoms.noRoom === undefined
      ? hearsay(work, unit, life)
      : 'its disk is full: a new one would have no room either';
  if (doubt === undefined)
    slot.replace ??= { of: life.incarnation, remedy: 'replace', why: finding.text, cause: 'not-ready' };
  else {
    reject(work, slot, 'replace', doubt);
    forgetWish(slot, life);
  }
}

/** To be replaced for not being ready. Whose turn has come is being replaced already. */
function forgetWish(slot: Slot, life: Life): void {
  const { replace, turnAt } = slot;
  if (replace?.cause === 'not-ready' && replace.of === life.incarnation && turnAt === undefined)
    slot.replace = undefined;
}

function fileFinding(work: Work, unit: Unit, slot: Slot, { life, finding }: Case, title: string): void {
  const base = `kernel: process ${life.seen?.pid ?? '(unknown)'} exists`;
  const evidence = finding.evidence.length >= 2 ? finding.evidence : [...finding.evidence, base];
  file(work, unit, slot, { cause: finding.cause, title, evidence, attachment: life.seen?.stack });
}
