// The ushers that stand in the columns: ours as it is shipped, and the others as their projects describe them, written down small. They are
// given the same hosts, the same dice and the same news; none of them is told more than its own kind uses.
import { type BalancerOptions, createBalancer, type Host, type Member } from '@hale/resilience';
import type { Bottle, Chooser } from './simulation.ts';

export interface Column {
  readonly name: string;
  create(bottle: Bottle): Chooser;
}

/** Two different indexes by chance. */
function draw({ count, unit }: Bottle): [number, number] {
  const a = Math.floor(unit() * count);
  const b = Math.floor(unit() * (count - 1));
  return [a, b >= a ? b + 1 : b];
}

/** A chooser that knows only how many requests are under way where. */
function byLoad(bottle: Bottle, pick: (load: readonly number[]) => number): Chooser {
  const load = new Array<number>(bottle.count).fill(0);
  return {
    pick: () => pick(load),
    begin: (index) => void load[index]!++,
    end: (index) => void load[index]!--,
  };
}

const roundRobin: Column = {
  name: 'round robin',
  create(bottle) {
    let next = 0;
    return byLoad(bottle, () => next++ % bottle.count);
  },
};

const random: Column = {
  name: 'random',
  create: (bottle) => byLoad(bottle, () => Math.floor(bottle.unit() * bottle.count)),
};

/** Looks at all and takes the emptiest; ties by chance (HAProxy's leastconn, Finagle's heap). */
const leastLoaded: Column = {
  name: 'least loaded',
  create: (bottle) =>
    byLoad(bottle, (load) => {
      const from = Math.floor(bottle.unit() * load.length);
      let best = from;
      for (let i = 1; i < load.length; i++) {
        const index = (from + i) % load.length;
        if (load[index]! < load[best]!) best = index;
      }
      return best;
    }),
};

/** Finagle's default: of two by chance the emptier. */
const p2cLeastLoaded: Column = {
  name: 'p2c least loaded',
  create: (bottle) =>
    byLoad(bottle, (load) => {
      const [a, b] = draw(bottle);
      return load[b]! < load[a]! ? b : a;
    }),
};

/** Envoy's least request with choice_count 2: the two may be the same one. */
const envoyLeastRequest: Column = {
  name: 'envoy least request',
  create: (bottle) =>
    byLoad(bottle, (load) => {
      const a = Math.floor(bottle.unit() * bottle.count);
      const b = Math.floor(bottle.unit() * bottle.count);
      return load[b]! < load[a]! ? b : a;
    }),
};

/** The same with its outlier detection at its defaults: five failures in a row, out for 30 s times how often, one host at a time. */
const envoyWithOutliers: Column = {
  name: 'envoy with ejection',
  create(bottle) {
    const inner = envoyLeastRequest.create(bottle);
    const inRow = new Array<number>(bottle.count).fill(0);
    const times = new Array<number>(bottle.count).fill(0);
    const outUntilMs = new Array<number>(bottle.count).fill(0);
    return {
      pick() {
        let index = inner.pick();
        while (outUntilMs[index]! > bottle.now()) index = inner.pick();
        return index;
      },
      begin: inner.begin,
      end(index, ok, latencyMs) {
        inner.end(index, ok, latencyMs);
        inRow[index] = ok ? 0 : inRow[index]! + 1;
        if (inRow[index]! < 5 || outUntilMs.some((ms) => ms > bottle.now())) return;
        outUntilMs[index] = bottle.now() + 30_000 * ++times[index]!;
        inRow[index] = 0;
      },
    };
  },
};

/** Finagle's peak EWMA: a sample above the average replaces it; failures are samples like others; the unknown with load is dear. */
const p2cEwma: Column = {
  name: 'p2c ewma',
  create(bottle) {
    const load = new Array<number>(bottle.count).fill(0);
    const average = new Array<number>(bottle.count).fill(0);
    const stamp = new Array<number>(bottle.count).fill(0);
    const see = (index: number, sampleMs: number) => {
      const keep = Math.exp(-(bottle.now() - stamp[index]!) / 10_000);
      const known = average[index]!;
      average[index] = sampleMs > known ? sampleMs : known * keep + sampleMs * (1 - keep);
      stamp[index] = bottle.now();
    };
    const cost = (index: number) => {
      see(index, 0);
      const known = average[index]!;
      return known === 0 && load[index]! > 0 ? 1e9 + load[index]! : known * (load[index]! + 1);
    };
    return {
      pick() {
        const [a, b] = draw(bottle);
        return cost(b) < cost(a) ? b : a;
      },
      begin: (index) => void load[index]!++,
      end(index, _ok, latencyMs) {
        load[index]!--;
        see(index, latencyMs);
      },
    };
  },
};

/** undici's BalancedPool: weighted round robin; a failure takes 15 of 100 off, and here a success gives them back as a new connection does there. */
const undiciBalancedPool: Column = {
  name: 'undici balanced pool',
  create(bottle) {
    const weights = new Array<number>(bottle.count).fill(100);
    let index = -1;
    let bar = 0;
    return byLoadAnd(bottle, {
      pick() {
        for (;;) {
          index = (index + 1) % bottle.count;
          if (index === 0) bar = bar <= 1 ? 100 : bar - divisor(weights);
          if (weights[index]! >= bar) return index;
        }
      },
      heard(host, ok) {
        weights[host] = ok ? Math.min(100, weights[host]! + 15) : Math.max(1, weights[host]! - 15);
      },
    });
  },
};

function divisor(weights: readonly number[]): number {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  return weights.reduce((a, b) => common(a, b), 0);
}

function byLoadAnd(bottle: Bottle, how: { pick(): number; heard(index: number, ok: boolean): void }): Chooser {
  const inner = byLoad(bottle, how.pick);
  return {
    ...inner,
    end(index, ok, latencyMs) {
      inner.end(index, ok, latencyMs);
      how.heard(index, ok);
    },
  };
}

/** Ours with its defaults: nothing tuned for the bottle. */
export const hale: Column = { name: 'hale', create: (bottle) => createHale(bottle) };

/** The same, and told what it decides. */
export function createHale(bottle: Bottle, onEvent?: BalancerOptions['onEvent']): Chooser {
  const balancer = createBalancer({ now: bottle.now, unit: bottle.unit, onEvent });
  const members = Array.from(
    { length: bottle.count },
    (_, index): Member => ({ id: String(index), zone: 'a', weight: 100, state: 'in' }),
  );
  balancer.update(members);
  const { hosts } = balancer;
  const indexOf = new Map<Host, number>(hosts.map((host, index) => [host, index]));
  return {
    pick: () => indexOf.get(balancer.pick()!)!,
    begin: (index) => balancer.begin(hosts[index]!),
    end: (index, ok, latencyMs) => balancer.end(hosts[index]!, ok ? 'ok' : 'failed', latencyMs),
  };
}

export const columns: readonly Column[] = [
  hale,
  roundRobin,
  random,
  leastLoaded,
  p2cLeastLoaded,
  p2cEwma,
  envoyLeastRequest,
  envoyWithOutliers,
  undiciBalancedPool,
];
