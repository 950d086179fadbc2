// The load around the fault: a crowd that comes in before it, so that there is something to compare with, and that is asked afterwards
// what it noticed. Nobody in it is told what is broken.
import type { Clock } from '@hale/base';
import type { LoadAccount } from '../script/hands.ts';
import type { LiveHands } from './hands.ts';
import type { LoadPlan } from './load/plan.ts';
import { type LoadProcess, startLoadProcess } from './load-process.ts';

export interface CrowdOptions {
  readonly hands: LiveHands;
  readonly clock: Clock;
  readonly seed: number;
  readonly plan: LoadPlan;
  readonly signal: AbortSignal;
}

/** The first requests open connections and warm the code up; they say nothing of steady state. */
const warmUpMs = 1_000;
const settleMs = 500;
/** Half of the answers slower than this, with nothing broken yet: too many for this machine. */
const strainedMs = 100;
const triesMax = 3;
const rpsMin = 50;

export function createCrowd({ hands, clock, seed, plan, signal }: CrowdOptions): {
  gather(rps: number | undefined): Promise<void>;
  strike(): Promise<void>;
  leave(): Promise<LoadAccount | undefined>;
  kill(): void;
} {
  let load: LoadProcess | undefined;
  let steadyP99Ms: number | undefined;
  let struck = false;
  let retriedBefore = 0;
  /** A machine that cannot carry the load shows its own queues and not the fault's: then fewer come, and the line says how many. */
  const settle = async (given: LoadProcess, wanted: number) => {
    for (let rps = wanted, tries = 0; ; tries++) {
      await pause(clock, warmUpMs, signal);
      const lap = await given.mark();
      const isCarried = lap.p50Ms <= strainedMs && lap.rps >= 0.8 * rps;
      if (isCarried || tries === triesMax || rps <= rpsMin) return;
      rps = Math.max(rpsMin, Math.round(rps / 2));
      given.setRps(rps);
    }
  };
  return {
    async gather(rps) {
      if (rps === undefined || rps === 0) return;
      load = startLoadProcess({ url: hands.gatewayUrl, rps, plan, seed });
      await settle(load, rps);
    },
    async strike() {
      if (struck) return;
      struck = true;
      steadyP99Ms = (await load?.mark())?.p99Ms;
      retriedBefore = (await hands.traffic())?.retried ?? 0;
    },
    async leave() {
      if (load === undefined) return undefined;
      const fault = await load.mark();
      await pause(clock, settleMs, signal);
      const whole = await load.stop();
      const retried = Math.max(0, ((await hands.traffic())?.retried ?? retriedBefore) - retriedBefore);
      return { ...whole, rps: fault.rps, retried, steadyP99Ms, faultP99Ms: fault.p99Ms };
    },
    kill: () => load?.kill(),
  };
}

export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done);
    return undefined;
  });
}
