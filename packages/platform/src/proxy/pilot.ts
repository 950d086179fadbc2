// The pilot's seat: keeps a balancer doing what is wanted now. Changes that come close together are one change (at most four a second), a
// configuration that the program refuses is said once and changes nothing, a program that died is started again. It never waits for the program
// to be well before it accepts the next wish; the newest wins.
import type { Clock, Timer } from '@hale/base';
import { isHaleError } from '@hale/base';
import type { ProxyConfig, ProxyProgram } from './proxy-program.ts';

export interface PilotOptions {
  readonly clock: Clock;
  readonly program: Pick<ProxyProgram, 'start' | 'apply' | 'isRunning'>;
  /** What is wanted at this moment. */
  readonly wish: () => ProxyConfig;
  readonly say: (line: string) => void;
}

export interface Pilot {
  /** Starts or adopts the program. Throws what it throws. */
  begin(): Promise<void>;
  /** Something of the wish changed. */
  changed(): void;
  close(): void;
}

const gapMs = 250;
const retryMs = 1000;
const lookMs = 100;

export function createPilot({ clock, program, wish, say }: PilotOptions): Pilot {
  // Until it has begun, there is nothing to change.
  let isBusy = true;
  let isWanted = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastComplaint = '';
  let timer: Timer | undefined;
  let watch: Timer | undefined;

  const complain = (error: unknown) => {
    const text = isHaleError(error) ? `${error.code}: ${error.message}; ${error.hint}` : String(error);
    if (text !== lastComplaint) say(text);
    lastComplaint = text;
  };
  const act = async () => {
    timer = undefined;
    isBusy = true;
    isWanted = false;
    try {
      await (program.isRunning() ? program.apply(wish()) : program.start(wish()));
      lastComplaint = '';
    } catch (error) {
      complain(error);
      // Refused words stay refused until the wish changes; anything else may pass.
      if (!isHaleError(error) || error.code !== 'HALE_PLATFORM_PROXY_REFUSED') timer = clock.after(retryMs, act);
    }
    isBusy = false;
    lastMs = clock.mono();
    if (isWanted) changed();
  };
  const changed = () => {
    isWanted = true;
    if (isBusy || timer !== undefined) return;
    const waitMs = lastMs + gapMs - clock.mono();
    if (waitMs <= 0) void act();
    else timer = clock.after(waitMs, act);
  };
  return {
    async begin() {
      isWanted = false;
      await program.start(wish());
      isBusy = false;
      lastMs = clock.mono();
      watch = clock.every(lookMs, () => {
        if (isBusy || timer !== undefined || program.isRunning()) return;
        say('the program has ended: it is started again');
        void act();
      });
      if (isWanted) changed();
    },
    changed,
    close() {
      timer?.cancel();
      watch?.cancel();
    },
  };
}
