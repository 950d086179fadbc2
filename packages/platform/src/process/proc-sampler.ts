// The household meter of one process: what the kernel says of its state, its CPU, its memory, its open files and its main
// thread. Two cheap reads a look (the files stay open); descriptors and memory are counted every eighth look.
// On systems without /proc it says that it does not know.
import { readdirSync, statSync } from 'node:fs';
import type { ProcessState, UsageObservation } from '@hale/model';
import { openProcFile } from './proc-file.ts';
import { addStuck, type ThreadSample } from './stuck.ts';

export interface ProcSampler {
  /**
   * Looks once; `nowMs` is Clock.mono(). `isInterrupted`: the preload has just halted the thread to take its stack, so a pause
   * since the last look is not its own.
   */
  look(nowMs: number, isInterrupted: boolean): void;
  readonly state: ProcessState;
  readonly usage: UsageObservation | undefined;
  close(): void;
}

const ticksPerSecond = 100;
const pageBytes = 4096;
const rareEvery = 8;
/** CPU is measured over this, since the kernel counts it in steps of 10 ms. */
const cpuWindowMs = 900;

export function createProcSampler(pid: number): ProcSampler {
  const stat = openProcFile(`/proc/${pid}/stat`);
  const sched = openProcFile(`/proc/${pid}/task/${pid}/schedstat`);
  const status = openProcFile(`/proc/${pid}/task/${pid}/status`);
  let looks = 0;
  let state: ProcessState = { kind: 'unknown' };
  let openFiles = 0;
  let rssBytes = 0;
  let cpuRatio = 0;
  let cpuMark: { atMs: number; ticks: number } | undefined;
  let thread: ThreadSample | undefined;
  let stuckMs = 0;

  const lookAtThread = (atMs: number, letter: string, isInterrupted: boolean) => {
    const [cpuNs = 0, starvedNs = 0, timeslices = 0] = (sched.read() ?? '').split(' ').map(Number);
    const cpuMs = cpuNs / 1e6;
    const starvedMs = starvedNs / 1e6;
    // The costly file is read only where it can matter: while the thread runs or would like to.
    const wantedMs = thread === undefined ? 0 : cpuMs - thread.cpuMs + starvedMs - thread.starvedMs;
    const isBusy = thread !== undefined && wantedMs * 4 >= atMs - thread.atMs;
    const next: ThreadSample = {
      atMs,
      state: letter,
      cpuMs,
      starvedMs,
      timeslices,
      switches: isBusy ? voluntarySwitches(status.read()) : undefined,
    };
    if (!isInterrupted) stuckMs = addStuck(stuckMs, thread, next);
    thread = next;
  };

  return {
    look(nowMs, isInterrupted) {
      const text = stat.read();
      if (text === undefined || text === '') {
        if (process.platform === 'linux') state = { kind: 'exited', code: undefined, signal: undefined };
        return;
      }
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const letter = fields[0] ?? '?';
      state = stateOf(letter);
      if (state.kind === 'exited') return;
      const ticks = Number(fields[11]) + Number(fields[12]);
      if (cpuMark === undefined) cpuMark = { atMs: nowMs, ticks };
      else if (nowMs - cpuMark.atMs >= cpuWindowMs) {
        cpuRatio = ((ticks - cpuMark.ticks) * 1000) / ticksPerSecond / (nowMs - cpuMark.atMs);
        cpuMark = { atMs: nowMs, ticks };
      }
      if (looks++ % rareEvery === 0) {
        rssBytes = Number(fields[21]) * pageBytes;
        openFiles = countOpenFiles(pid);
      }
      lookAtThread(nowMs, letter, isInterrupted);
    },
    get state() {
      return state;
    },
    get usage() {
      return looks === 0 ? undefined : { cpuRatio, rssBytes, openFiles, mainThreadStuckMs: Math.round(stuckMs) };
    },
    close() {
      stat.close();
      sched.close();
      status.close();
    },
  };
}

function stateOf(letter: string): ProcessState {
  if (letter === 'T' || letter === 't') return { kind: 'stopped' };
  if (letter === 'Z' || letter === 'X') return { kind: 'exited', code: undefined, signal: undefined };
  return { kind: 'running' };
}

function voluntarySwitches(text: string | undefined): number | undefined {
  const match = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** Since Linux 6.2 the size of the folder is the count; before, it is 0 and the entries are counted. */
function countOpenFiles(pid: number): number {
  try {
    const size = statSync(`/proc/${pid}/fd`).size;
    return size > 0 ? size : readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
