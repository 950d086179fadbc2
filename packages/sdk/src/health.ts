// The doctor's three questions, answered by the service itself: is it alive, may it be sent work, how is it?
// Checks run at most once at a time and within a bound, however many probes ask. It never decides to stop anything.
import type { Clock } from '@hale/base';
import type { Degraded } from './degraded.ts';

/** Passes by returning true or nothing; fails by false, a reason, or an exception. */
export type Check = () => CheckAnswer | Promise<CheckAnswer>;
export type CheckAnswer = boolean | string | void;

export interface HealthReport {
  readonly ok: boolean;
  /** Each check by name: 'ok' or why not. */
  readonly checks: Readonly<Record<string, string>>;
  /** What is missing from answers; left out when nothing is. */
  readonly degraded?: readonly Degraded[];
}

export interface CheckList {
  add(name: string, check: Check): void;
  /** Runs every check, or joins the run that is under way. */
  run(): Promise<HealthReport>;
}

const checksMax = 64;

/** A list of checks, each of which fails after `timeoutMs` without an answer. */
export function createCheckList(clock: Clock, timeoutMs: number): CheckList {
  const checks = new Map<string, Check>();
  let underWay: Promise<HealthReport> | undefined;
  const runAll = async (): Promise<HealthReport> => {
    const entries = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await runOne(check, clock, timeoutMs)] as const),
    );
    return { ok: entries.every(([, verdict]) => verdict === 'ok'), checks: Object.fromEntries(entries) };
  };
  return {
    add(name, check) {
      if (checks.size >= checksMax && !checks.has(name)) throw new RangeError(`at most ${checksMax} health checks`);
      checks.set(name, check);
    },
    run() {
      underWay ??= runAll().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
}

async function runOne(check: Check, clock: Clock, timeoutMs: number): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = clock.after(timeoutMs, () => resolve(`no answer within ${timeoutMs} ms`), true);
  try {
    const answer = await Promise.race([late, Promise.resolve(check()).then(say)]);
    return answer;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.cancel();
  }
}

function say(answer: CheckAnswer): string {
  if (typeof answer === 'string') return answer;
  return answer === false ? 'not ready' : 'ok';
}
