// A crowd for a live test: the drill's load generator, asked again and again until something is seen.
import { type LoadPlan, readPlan, startLoadProcess } from '@hale/drill/live';
import type { TestLike } from './programs.ts';

export interface Count {
  ok: number;
  failed: number;
  waiting: number;
}

export interface Crowd {
  /** Resolves when `seen` says yes to what was counted so far; fails after a bound. */
  until(seen: (count: Count) => boolean): Promise<void>;
  count(): Count;
  stop: ReturnType<typeof startLoadProcess>['stop'];
}

const pricesOnly: LoadPlan = (() => {
  const plan = readPlan(new URL('../hale.load.json', import.meta.url).pathname);
  const looking = (plan.mixes['drill'] ?? []).filter((request) => request.keeps !== true);
  return { ...plan, mixes: { drill: looking } };
})();

const looksMax = 600;

/** Loads `url` with the shop's prices, or with `plan`. Equal runs ask for equal things. */
export function crowdAt(t: TestLike, url: string, rps: number, plan: LoadPlan = pricesOnly): Crowd {
  const load = startLoadProcess({ url, rps, plan, seed: 1 });
  t.after(() => load.kill());
  const total: Count = { ok: 0, failed: 0, waiting: 0 };
  return {
    async until(seen) {
      for (let look = 0; !seen(total); look++) {
        if (look === looksMax) throw new Error(`it does not happen: ${JSON.stringify(total)}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
        const lap = await load.mark();
        total.ok += lap.ok;
        total.failed += lap.failed;
        total.waiting = lap.waiting;
      }
    },
    count: () => ({ ...total }),
    stop: () => load.stop(),
  };
}
