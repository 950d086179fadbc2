// Which replica to ring: of two drawn at random the one with fewer calls under way, among those not tried yet.
// Choosing never blocks and never refuses while any address is known.
import { type Clock, createRng, randomSeed } from '@hale/base';
import type { Target } from './endpoints.ts';

export interface Chooser {
  choose(targets: readonly Target[], tried: ReadonlySet<string>): Chosen | undefined;
}

export interface Chosen {
  readonly target: Target;
  done(outcome: { readonly failed: boolean }): void;
}

export function createChooser(_clock: Clock, _zone: string | undefined): Chooser {
  const rng = createRng(randomSeed());
  const underWay = new Map<string, number>();
  const loadOf = (target: Target) => underWay.get(target.key) ?? 0;
  return {
    choose(targets, tried) {
      const fresh = targets.filter((target) => !tried.has(target.key));
      const pool = fresh.length > 0 ? fresh : targets;
      const a = pool[rng.below(pool.length)];
      const b = pool[rng.below(pool.length)];
      if (a === undefined || b === undefined) return undefined;
      const target = loadOf(b) < loadOf(a) ? b : a;
      underWay.set(target.key, loadOf(target) + 1);
      return {
        target,
        done() {
          const left = loadOf(target) - 1;
          if (left > 0) underWay.set(target.key, left);
          else underWay.delete(target.key);
        },
      };
    },
  };
}
