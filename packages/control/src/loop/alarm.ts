// The alarm clock that the brain sets with WakeUp. Several may be set; each rings no earlier than asked (a timer that fires
// a moment early would be a wake-up lost) and those that fall due together ring once.
import type { Clock, Timer } from '@hale/base';

export interface Alarm {
  set(afterMs: number): void;
  cancel(): void;
}

const alarmsMax = 256;

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let due: number[] = [];
  let timer: Timer | undefined;
  const arm = () => {
    timer?.cancel();
    const next = due[0];
    timer = next === undefined ? undefined : clock.after(Math.max(0, next - clock.mono()), fire);
  };
  const fire = () => {
    const now = clock.mono();
    const before = due.length;
    due = due.filter((at) => at > now);
    arm();
    if (due.length < before) ring();
  };
  return {
    set(afterMs) {
      due.push(clock.mono() + Math.max(1, afterMs));
      due.sort((a, b) => a - b);
      // The latest goes: the brain, woken by an earlier one, asks again for what is still to come.
      if (due.length > alarmsMax) due.pop();
      arm();
    },
    cancel() {
      due = [];
      timer?.cancel();
    },
  };
}
