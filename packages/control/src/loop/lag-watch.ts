// Feels control's own pulse. When this process itself was held up (starved, stopped, a laptop asleep), what it observed in
// that time is worth nothing, and the brain is told so before it sees any of it.
import type { Clock, Timer } from '@hale/base';

export interface LagWatch {
  /** How late the loop was, once, when that is over the bound; undefined otherwise. Ask before handing on what was seen. */
  check(): number | undefined;
  stop(): void;
}

const beatMs = 200;
const lagMsMax = 500;

export function createLagWatch(clock: Clock, onLag: () => void): LagWatch {
  let expected = clock.mono() + beatMs;
  const isLate = () => clock.mono() - expected > lagMsMax;
  const beat: Timer = clock.every(beatMs, () => {
    if (isLate()) onLag();
    else expected = clock.mono() + beatMs;
  });
  return {
    check() {
      const lagMs = clock.mono() - expected;
      if (lagMs <= lagMsMax) return undefined;
      expected = clock.mono() + beatMs;
      return Math.round(lagMs);
    },
    stop: () => beat.cancel(),
  };
}
