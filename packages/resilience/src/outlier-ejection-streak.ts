// The first whistle: a host has failed so many times in a row, and the question is only whether it alone has. Witnesses are the others,
// and only what they were asked since its first failure: whoever has not played since then can say nothing. It is guilty
// when more than half of the team is heard to be well; half or more failing is a shared fault; otherwise the others are waited for.
import type { Ejectable } from './outlier-ejection.ts';
import { evidenceMin } from './outlier-ejection-windows.ts';
import { isIll, isWell } from './outlier-ejection-witness.ts';

export type StreakVerdict = 'guilty' | 'shared' | 'alone' | 'unheard';

/** Whether `host`, failing in a row, is worse than its `team` (itself included). */
export function judgeStreak(host: Ejectable, team: readonly Ejectable[], nowMs: number): StreakVerdict {
  let well = 0;
  let ill = 1;
  for (const other of team) {
    if (other === host) continue;
    if (other.ejectedUntilMs > nowMs || isIll(other)) ill++;
    else if (isWell(other, host.streakSinceMs)) well++;
  }
  if (team.length < 2) return 'alone';
  // Of two, one is half: there a single fault counts as its own, else a pair could never be helped.
  if (well * 2 > team.length || (team.length === 2 && well === 1)) return 'guilty';
  return ill > 1 && ill * 2 >= team.length ? 'shared' : 'unheard';
}

/** While the team fails less often than this, what is configured holds exactly. */
const normalErrorShare = 0.04;

/** How many in a row it takes: what is configured, and more only where so many are no surprise because the whole team fails at times. */
export function streakNeeded(configured: number, errorShareOfTeam: number): number {
  if (errorShareOfTeam < normalErrorShare) return configured;
  return Math.max(configured, Math.ceil(evidenceMin / -Math.log(Math.min(0.99, errorShareOfTeam))));
}
