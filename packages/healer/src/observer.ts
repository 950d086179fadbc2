// Examining the examiner: whether probes fail across most services with nobody else agreeing (INV-05). While that is so the
// rotation stays as it was, and no probe's word counts.
import { isObserverSick, type ProbedReplica } from './detectors/observer-sick.ts';
import { closeIncident, mark, openIncident } from './incidents.ts';
import { limits } from './limits.ts';
import { isProvenDown, isUp, wants } from './lives.ts';
import type { Life, Unit } from './state.ts';
import { tell, type Work } from './work.ts';

export function examineObserver(work: Work): void {
  const { brain } = work;
  // Most of the time nobody's probe fails, and nobody is in doubt.
  if (brain.observerSick === undefined && !brain.units.some(hasFailing)) return;
  const seen: { replica: ProbedReplica; unit: Unit; index: number }[] = [];
  // What failed before something else went down is not explained by it: a fresh doubt ends by passing probes only.
  const isFresh = brain.observerSick !== undefined && work.now - brain.observerSick.since < limits.observerDoubtMs;
  const down = isFresh ? new Set<Unit>() : downOf(brain.units);
  for (const unit of brain.units) {
    if (!isAsked(unit)) continue;
    unit.slots.forEach((slot, index) => {
      const life = slot.lives.find((one) => isUp(one) && one.readyAt !== undefined);
      if (life === undefined || !wants(slot, unit)) return;
      seen.push({ unit, index, replica: probed(unit, life, down.has(unit)) });
    });
  }
  const sick = isObserverSick(
    seen.map((one) => one.replica),
    brain.observerSick !== undefined,
  );
  if (sick && brain.observerSick === undefined) {
    const failing = seen.filter((one) => one.replica.failingSince !== undefined);
    const units = new Set(failing.map((one) => one.unit.spec.name));
    const title = `probes of ${failing.length} of ${seen.length} replicas in ${units.size} services fail at once: observer or shared dependency`;
    const incident = openIncident(
      work,
      failing[0]?.unit.spec.name ?? '',
      failing.flatMap((one) => one.unit.slots[one.index]?.replica ?? []),
      {
        cause: 'observer-or-shared-dependency',
        title,
        evidence: [
          `probe: ${failing.length} of ${seen.length} replicas began to fail within ${limits.observerWindowMs / 1000}s`,
          'no second witness: kernel, heartbeats and traffic see nothing wrong',
        ],
      },
    );
    mark(work, incident, 'suspectedAt');
    brain.observerSick = { since: work.now, incident };
    tell(work, 'suspected', `${title}; nobody is killed and the rotation stays as it is`, { incident });
  } else if (!sick && brain.observerSick !== undefined) {
    const { incident } = brain.observerSick;
    brain.observerSick = undefined;
    closeIncident(work, incident, 'inconclusive');
  }
}

function hasFailing({ slots }: Unit): boolean {
  return slots.some(({ lives }) =>
    lives.some(({ symptoms }) => symptoms.notReady !== undefined || symptoms.notLive !== undefined),
  );
}

/** A unit of which only life is asked has no probe that could fail: it must not water down the share of those that do. */
function isAsked({ spec }: Unit): boolean {
  return (spec.probes.ready ?? spec.probes.startup).check.kind !== 'alive' || spec.probes.live !== undefined;
}

/** Units that are down for certain, and all that use them: their probes fail for a known reason. */
function downOf(units: readonly Unit[]): ReadonlySet<Unit> {
  const down = new Set(units.filter(isProvenDown));
  if (down.size === 0) return down;
  for (let grew = true; grew; ) {
    grew = false;
    for (const unit of units) {
      if (down.has(unit) || !unit.spec.uses.some((name) => [...down].some((one) => one.spec.name === name))) continue;
      down.add(unit);
      grew = true;
    }
  }
  return down;
}

function probed(unit: Unit, life: Life, explained: boolean): ProbedReplica {
  const since = [life.symptoms.notReady, life.symptoms.notLive].filter((at) => at !== undefined);
  const seen = life.seen;
  const beat = seen?.heartbeat;
  const corroborated =
    explained ||
    seen?.process.kind === 'stopped' ||
    (seen?.usage?.mainThreadStuckMs ?? 0) >= limits.witnessAfterMs ||
    (beat?.kind === 'beating' && beat.stalledMs >= limits.suspectAfterMs) ||
    (beat?.kind === 'silent' && beat.silentMs >= limits.suspectAfterMs) ||
    ((seen?.traffic?.oldestWaitMs ?? 0) >= limits.witnessAfterMs && seen?.traffic?.requests === 0);
  return { unit: unit.spec.name, failingSince: since.length === 0 ? undefined : Math.min(...since), corroborated };
}
