// Caught lying: a probe that says "not ready" of a replica whose own callers are all answered is a bad witness, and what it says
// of the neighbours is hearsay. Whoever cannot be replaced beside itself (a database node) is not stopped on such a word alone;
// not for ever, because those callers may ask for nothing that would fail.
import { formatDuration } from '@hale/base';
import { limits } from './limits.ts';
import { isUp } from './lives.ts';
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
  if (accused.length === 0 || accused.some((user) => user.seen?.traffic?.errors !== 0)) return undefined;
  const names = [...new Set(accused.map((user) => user.seen?.replica))].join(', ');
  return `probes fail ${names} as well, whose callers are all answered; left alone for up to ${formatDuration(limits.observerDoubtMs)} more`;
}

/** Its probe fails too, and people have called it since. */
function isAsked(user: Life, since: number): boolean {
  if (!isUp(user) || user.symptoms.notReady === undefined || user.seenAt - since < limits.witnessAfterMs) return false;
  return (user.seen?.traffic?.requests ?? 0) > 0;
}
