// The lift attendant: while more people come than fit, the least urgent are told at the door to take the stairs, so that the lift's
// own doors need not refuse anybody. Levels are sheddable (refused first), normal, critical (last); the line between who enters and who does not
// rises and falls with the quantile of recent demand, cutting through a class where it must. After WeChat's DAGOR (Zhou et al.
// 2018) and failsafe-go's prioritizer, but measured in what was really admitted instead of queue sizes. It holds no calls and knows no limit.

import type { Priority } from './carried.ts';

/** Least urgent first: the order in which classes are refused. */
const refusable: readonly Priority[] = ['sheddable', 'normal'];
const indexOf = { sheddable: 0, normal: 1, critical: 2 } as const;

export interface PriorityLevels {
  /** A call of this class has come: true when it may go on to the limit. `dice` uniform in [0, 1) decides within the class that is cut. */
  arrive(priority: Priority, dice: number, nowMs: number): boolean;
  /** It found room. */
  admitted(): void;
  /** It found none, although the levels let it pass: what makes the line rise. */
  full(): void;
  /** Where the line is: 0 nobody is refused, 1 all sheddable, 2 all normal too. Critical ones are never refused by the line: only a limit may. */
  readonly line: number;
  /** There were critical calls in the last window or this one. */
  readonly sawCritical: boolean;
}

/** A window needs this many arrivals to be judged, and lasts at least `windowMs`. */
const arrivalsMin = 20;
/** Let pass a little more than was admitted: else a capacity that grows would never be found. */
const surplus = 1.05;
const recovery = 1.3;

/**
 * Levels judged anew every `windowMs`. `slack`: how many more than were admitted may pass, in standard deviations of a window; more where those
 * who find no room may wait a moment. O(1) a call, no memory of calls.
 */
export function createPriorityLevels(windowMs = 100, slack = 1): PriorityLevels {
  const demand = [0, 0, 0];
  let [admitted, full, startedMs, line] = [0, 0, Number.NEGATIVE_INFINITY, 0];
  let hadCritical = false;
  const judge = (nowMs: number) => {
    hadCritical = demand[2]! > 0;
    const total = demand[0]! + demand[1]! + demand[2]!;
    const mayPass = full > 0 ? admitted * surplus + slack * Math.sqrt(admitted) : Math.max(admitted, 1) * recovery;
    const due = total <= mayPass ? 0 : lineFor(1 - mayPass / total, demand, total);
    // Where nobody was turned away for want of room, those who were not admitted wait: no reason to refuse more.
    line = (line + (full > 0 ? due : Math.min(line, due))) / 2;
    if (line < 0.01) line = 0;
    demand.fill(0);
    [admitted, full, startedMs] = [0, 0, nowMs];
  };
  return {
    arrive(priority, dice, nowMs) {
      const index = indexOf[priority];
      const arrivals = demand[0]! + demand[1]! + demand[2]!;
      if (arrivals >= arrivalsMin && nowMs - startedMs >= windowMs) judge(nowMs);
      demand[index] = demand[index]! + 1;
      return index + dice >= line;
    },
    admitted() {
      admitted++;
    },
    full() {
      full++;
    },
    get line() {
      return line;
    },
    get sawCritical() {
      return hadCritical || demand[2]! > 0;
    },
  };
}

/** The level below which the given share of the demand lies. */
function lineFor(share: number, demand: readonly number[], total: number): number {
  let rest = share * total;
  for (const [index] of refusable.entries()) {
    const here = demand[index]!;
    if (rest < here) return index + rest / here;
    rest -= here;
  }
  return refusable.length;
}
