// Follows one main thread from look to look and adds up how long it is stuck (stuck.ts says what counts).
import { openProcFile } from './proc-file.ts';
import { addStuck, type ThreadSample } from './stuck.ts';

export interface MainThread {
  readonly stuckMs: number;
  /** `letter`: its state now. `isInterrupted`: a pause since the last look was not its own and counts neither way. */
  look(atMs: number, letter: string, isInterrupted: boolean): void;
  close(): void;
}

export function followMainThread(pid: number): MainThread {
  const sched = openProcFile(`/proc/${pid}/task/${pid}/schedstat`);
  const status = openProcFile(`/proc/${pid}/task/${pid}/status`);
  let last: ThreadSample | undefined;
  let stuckMs = 0;
  return {
    get stuckMs() {
      return stuckMs;
    },
    look(atMs, letter, isInterrupted) {
      const [cpuNs = 0, starvedNs = 0, timeslices = 0] = (sched.read() ?? '').split(' ').map(Number);
      const cpuMs = cpuNs / 1e6;
      const starvedMs = starvedNs / 1e6;
      // The costly file is read only where it can matter: while the thread runs or would like to.
      const wantedMs = last === undefined ? 0 : cpuMs - last.cpuMs + starvedMs - last.starvedMs;
      const isBusy = last !== undefined && (letter === 'R' || wantedMs * 4 >= atMs - last.atMs);
      const switches = isBusy ? voluntarySwitches(status.read()) : undefined;
      const next: ThreadSample = { atMs, state: letter, cpuMs, starvedMs, timeslices, switches };
      if (!isInterrupted) stuckMs = addStuck(stuckMs, last, next);
      last = next;
    },
    close() {
      sched.close();
      status.close();
    },
  };
}

function voluntarySwitches(text: string | undefined): number | undefined {
  const match = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
