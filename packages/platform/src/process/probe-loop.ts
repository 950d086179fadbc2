// The night watchman's round for one replica: a probe at steady pace, faster once one has failed, and at its third pace while down.
// Until the first pass it asks at once and often, for a short while: a new replica is wanted now.
// Rounds are jittered so that fifty replicas are not knocked on at once, and never overlap; those of all replicas that fall into the same
// tenth of a second are made in one go, because waking up costs more than asking.
//
//   unknown --successes--> pass --failures--> fail --successes--> pass
import type { Clock, Rng, Timer } from '@hale/base';
import type { ProbeObservation, ProbeSpec, ProbeVerdict } from '@hale/model';
import type { CheckResult } from './launcher.ts';

export interface ProbeLoop {
  readonly observation: ProbeObservation;
  stop(): void;
}

export const unknownProbe: ProbeObservation = { verdict: 'unknown', reason: undefined, failures: 0 };
const reasonLengthMax = 300;
/** While it has never passed: this often, for so long; then at the suspicious pace. A command (exec) is never run that often. */
const eagerEveryMs = 60;
const eagerForMs = 3_000;

/** Rounds at this pace or slower wait for the tenth of a second that is nearest. */
const calmPaceMs = 1_000;
const sharedMs = 100;

/** Begins at once, with `first` where that is known already. `check` must end when its signal aborts. `onChange` is called when the verdict or the reason changes. */
export function startProbe(options: {
  spec: ProbeSpec;
  clock: Clock;
  rng: Rng;
  check: (signal: AbortSignal) => Promise<CheckResult>;
  onChange: (observation: ProbeObservation) => void;
  first?: ProbeObservation | undefined;
}): ProbeLoop {
  const { spec, clock, rng, check, onChange, first = unknownProbe } = options;
  const begunAt = clock.mono();
  let observation = first;
  let passes = 0;
  let hasPassed = first.verdict === 'pass';
  let isStopped = false;
  let timer: Timer | undefined;
  let abort: AbortController | undefined;

  const take = (result: CheckResult) => {
    const failures = result.kind === 'pass' ? 0 : observation.failures + 1;
    passes = result.kind === 'pass' ? passes + 1 : 0;
    const next: ProbeObservation = {
      verdict: verdictOf({ before: observation.verdict, failures, passes, spec }),
      reason: result.kind === 'fail' ? result.reason.slice(0, reasonLengthMax) : undefined,
      failures,
    };
    const changed = next.verdict !== observation.verdict || next.reason !== observation.reason;
    observation = next;
    hasPassed ||= next.verdict === 'pass';
    if (changed) onChange(next);
  };
  const isEager = () => !hasPassed && spec.check.kind !== 'exec' && clock.mono() - begunAt < eagerForMs;
  const round = async () => {
    abort = new AbortController();
    const late = clock.after(spec.timeoutMs, () => abort?.abort(), true);
    const result = await check(abort.signal).catch(
      (error: unknown): CheckResult => ({
        kind: 'fail',
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    late.cancel();
    if (isStopped) return;
    take(result);
    if (result.kind === 'pass' && result.isLasting && observation.verdict === 'pass') return;
    const pace = isEager() ? Math.min(eagerEveryMs, spec.everyMs.suspicious) : paceOf(observation, spec);
    const pauseMs = pace * (0.9 + 0.2 * rng.unit());
    timer = clock.after(pace >= calmPaceMs ? toShared(pauseMs, clock) : pauseMs, () => void round(), true);
  };
  const pause = hasPassed ? paceOf(observation, spec) : Math.min(20, spec.everyMs.suspicious);
  timer = clock.after(rng.unit() * pause, () => void round(), true);
  return {
    get observation() {
      return observation;
    },
    stop() {
      isStopped = true;
      timer?.cancel();
      abort?.abort();
    },
  };
}

function toShared(pauseMs: number, clock: Clock): number {
  const now = clock.mono();
  return Math.round((now + pauseMs) / sharedMs) * sharedMs - now;
}

function verdictOf(now: { before: ProbeVerdict; failures: number; passes: number; spec: ProbeSpec }): ProbeVerdict {
  if (now.failures >= now.spec.failures) return 'fail';
  if (now.passes >= now.spec.successes) return 'pass';
  return now.before;
}

function paceOf(observation: ProbeObservation, spec: ProbeSpec): number {
  if (observation.verdict === 'fail') return spec.everyMs.down;
  return observation.failures > 0 || observation.verdict === 'unknown' ? spec.everyMs.suspicious : spec.everyMs.steady;
}
