// Conducts one live drill: steady load, strike, watch until it has ended (or the bound is over), audit, verdict. It changes
// nothing in the system but what the drill breaks, and puts back what would not heal by itself.
import { type Clock, createRng, HaleError } from '@hale/base';
import type { ReplicaView, SystemView } from '@hale/model';
import type { LiveDrill, Scene } from './drills.ts';
import type { DrillResult, LiveHands } from './hands.ts';
import { type Evidence, hasEnded, judge } from './judge.ts';
import type { LoadPlan } from './load/plan.ts';
import { type LoadProcess, startLoadProcess } from './load-process.ts';

export interface RunOptions {
  readonly drill: LiveDrill;
  readonly hands: LiveHands;
  readonly clock: Clock;
  readonly seed: number;
  /** The service to drill where the drill says 'service'; undefined: the routed service with the most replicas. */
  readonly unit: string | undefined;
  readonly plan: LoadPlan;
  readonly rps: number;
  /** Load before the strike, and after the ending. */
  readonly steadyMs: number;
  readonly settleMs: number;
}

const pollMs = 40;
const readyWithinMs = 60_000;

/** Runs the drill; gives its verdict. Throws HALE_DRILL_NOT_HEALTHY when the system is not well to begin with. */
export async function runLiveDrill(options: RunOptions): Promise<DrillResult> {
  const { hands, clock, drill, seed } = options;
  const before = await waitUntilHealthy(hands, clock);
  const unit = drill.target === 'gateway' ? 'gateway' : (options.unit ?? defaultUnit(before));
  const scene = sceneOf({ hands, view: before, unit, seed });
  const load = startLoadProcess({ url: hands.gatewayUrl, rps: options.rps, plan: options.plan, seed });
  try {
    return await strikeAndWatch(options, { scene, load, before, unit });
  } finally {
    load.kill();
    await drill.undo?.(scene);
  }
}

async function strikeAndWatch(
  { hands, clock, drill, seed, steadyMs, settleMs }: RunOptions,
  { scene, load, before, unit }: { scene: Scene; load: LoadProcess; before: SystemView; unit: string },
): Promise<DrillResult> {
  await pause(clock, steadyMs / 2);
  await load.mark();
  await pause(clock, steadyMs);
  const steady = await load.mark();
  const retriedBefore = (await hands.traffic())?.retried ?? 0;
  const struckAt = clock.mono();
  const broken = await drill.strike(scene);
  const base = { drill, seed, platform: hands.platform, unit, struckAt, before, broken };
  const watched = await watch({ hands, clock, drill, base });
  const fault = await load.mark();
  await pause(clock, settleMs);
  const whole = await load.stop();
  const after = (await hands.view()) ?? watched.after;
  const retried = Math.max(0, ((await hands.traffic())?.retried ?? retriedBefore) - retriedBefore);
  return judge({
    ...base,
    after,
    endedAt: watched.endedAt,
    servingMin: watched.servingMin,
    retried,
    load: { ...whole, steadyP99Ms: steady.p99Ms, faultP99Ms: fault.p99Ms },
  });
}

async function watch(options: {
  hands: LiveHands;
  clock: Clock;
  drill: LiveDrill;
  base: Omit<Evidence, 'after' | 'endedAt' | 'load' | 'retried' | 'servingMin'>;
}): Promise<{ after: SystemView; endedAt: number | undefined; servingMin: number }> {
  const { hands, clock, drill, base } = options;
  const until = base.struckAt + drill.withinMs;
  let after = base.before;
  let servingMin = Number.POSITIVE_INFINITY;
  while (clock.mono() < until) {
    await pause(clock, pollMs);
    const view = await hands.view();
    if (view === undefined || view.at.mono < base.struckAt) continue;
    after = view;
    servingMin = Math.min(servingMin, view.units.find((one) => one.unit === base.unit)?.serving ?? 0);
    if (hasEnded({ ...base, after })) return { after, endedAt: clock.mono(), servingMin };
  }
  return { after, endedAt: undefined, servingMin };
}

export async function waitUntilHealthy(hands: LiveHands, clock: Clock): Promise<SystemView> {
  const until = clock.mono() + readyWithinMs;
  for (;;) {
    const view = await hands.view();
    if (view?.state === 'healthy') return view;
    if (clock.mono() > until) {
      const why = view?.units.filter((unit) => unit.state !== 'healthy').map((unit) => `${unit.unit}: ${unit.why}`);
      throw new HaleError({
        code: 'HALE_DRILL_NOT_HEALTHY',
        message: `the system is not healthy to begin with (${why?.join('; ') ?? 'the control room does not answer'})`,
        hint: 'look at it first: hale status',
      });
    }
    await pause(clock, 100);
  }
}

/** The service with the most replicas that stands behind the gateway. */
function defaultUnit(view: SystemView): string {
  const services = view.units.filter((unit) => unit.role === 'service').sort((a, b) => b.wanted - a.wanted);
  const [first] = services;
  if (first === undefined) {
    throw new HaleError({
      code: 'HALE_DRILL_NO_SERVICE',
      message: 'there is no service to drill',
      hint: 'declare a service in hale.config.ts',
    });
  }
  return first.unit;
}

function sceneOf(given: { hands: LiveHands; view: SystemView; unit: string; seed: number }): Scene {
  const { hands, view, unit, seed } = given;
  const replicas = view.replicas.filter((one) => one.unit === unit && one.phase === 'serving' && one.pid !== undefined);
  const victim: ReplicaView | undefined = replicas[createRng(seed).below(Math.max(1, replicas.length))];
  if (victim === undefined) {
    throw new HaleError({
      code: 'HALE_DRILL_NO_SERVICE',
      message: `'${unit}' has no serving replica to drill`,
      hint: `name another service: hale drill run NAME --service <one of ${view.units.map((one) => one.unit).join(', ')}>`,
    });
  }
  return { hands, view, unit, victim, replicas };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
