// An ear for silence: a server that is asked again and again and says nothing is gone. Of a host that vanished nothing is heard, not even
// that it is gone, and the kernel would go on sending to it for a quarter of an hour.
import type { Clock } from '@hale/base';

export interface EarOptions {
  readonly clock: Clock;
  /** How often it is asked. */
  readonly everyMs: number;
  readonly silentMs: number;
  /** False: we do not listen ourselves for the moment, so that nothing is heard says nothing. */
  readonly isListening: () => boolean;
  readonly onSilence: (why: Error) => void;
}

export interface Ear {
  heard(): void;
  /** It was asked just now. */
  asked(): void;
}

export function createEar({ clock, everyMs, silentMs, isListening, onSilence }: EarOptions): Ear {
  let heardAt = clock.mono();
  let askedAt = heardAt;
  return {
    heard() {
      heardAt = clock.mono();
    },
    asked() {
      const now = clock.mono();
      // Who stood still himself has asked nobody meanwhile.
      const stoodStill = now - askedAt > everyMs * 3;
      askedAt = now;
      if (stoodStill || !isListening()) heardAt = now;
      else if (now - heardAt >= silentMs) onSilence(new Error(`nothing was heard for ${silentMs} ms`));
    },
  };
}
