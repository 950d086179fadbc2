// One egg timer a try: set to the patience for the first byte, turned on to the end of the whole call once the answer has begun,
// and put away when the body is read. It also rings when the caller's own signal does.
import type { Clock, Timer } from '@hale/base';

export interface EggTimer {
  readonly signal: AbortSignal;
  /** Rings `ms` from now instead of when it was set to before. */
  set(ms: number): void;
  putAway(): void;
}

export function createEggTimer(clock: Clock, caller: AbortSignal | undefined): EggTimer {
  const controller = new AbortController();
  const leave = () => controller.abort(caller?.reason);
  let timer: Timer | undefined;
  if (caller?.aborted === true) leave();
  else caller?.addEventListener('abort', leave, { once: true });
  return {
    signal: controller.signal,
    set(ms) {
      timer?.cancel();
      const ring = () => controller.abort(new DOMException(`no answer within ${Math.round(ms)} ms`, 'TimeoutError'));
      timer = clock.after(ms, ring, true);
    },
    putAway() {
      timer?.cancel();
      caller?.removeEventListener('abort', leave);
    },
  };
}
