// Caught lying: a probe that says "not ready" of a replica whose own callers are all answered is a bad witness, and what it says
// of the neighbours is hearsay. Whoever cannot be replaced beside itself (a database node) is not stopped on such a word alone;
// not for ever, because those callers may ask for nothing that would fail. Nor is a primary stopped while no other
// node is ready: nobody would be better off, and what all of them fail may be the probe's own way to them.
import { formatDuration } from '@hale/base';
import { limits } from './limits.ts';
import { isReady, isUp } from './lives.ts';
import type { Life, Unit } from './state.ts';
import type { Work } from './work.ts';

/** Why the failing readiness of `life` is not believed yet, or undefined. */
export function hearsay(work: Work, unit: Unit, life: Life): string | undefined {
  const since = life.symptoms.notReady ?? work.now;
  if (unit.spec.surge || life.seenAt - since >= limits.notReadyPatienceMs + limits.observerDoubtMs) return undefined;
  const users = work.brain.units.filter((one) => one.spec.uses.includes(unit.spec.name));
  const accused = users.flatMap((one) =>
    one.slots.flatMap((slot) => slot.lives.filter((user) => isAsked(user, since))),
  );
  const patience = `left alone for up to ${formatDuration(limits.observerDoubtMs)} more`;
  if (accused.length > 0 && accused.every((user) => user.seen?.traffic?.errors === 0)) {
    const names = [...new Set(accused.map((user) => user.seen?.replica))].join(', ');
    return `probes fail ${names} as well, whose callers are all answered; ${patience}`;
  }
  return isWithoutHeir(unit, life) ? `no other node is ready, so nobody could take over; ${patience}` : undefined;
}

/** The primary of several nodes, of which no other is ready. */
function isWithoutHeir(unit: Unit, { seen }: Life): boolean {
  if (unit.cluster === undefined || unit.cluster.primary !== seen?.replica) return false;
  return !unit.slots.some((slot) => slot.replica !== seen.replica && slot.lives.some((other) => isReady(unit, other)));
}

/** Its probe fails too, and people have called it since. */
function isAsked(user: Life, since: number): boolean {
  if (!isUp(user) || user.symptoms.notReady === undefined || user.seenAt - since < limits.witnessAfterMs) return false;
  return (user.seen?.traffic?.requests ?? 0) > 0;
}
