// The household meter of one process: what the kernel says of its state, its CPU, its memory, its open files and its main
// thread. Two cheap reads a look (the files stay open), and only one look a second while the process itself has just said that all
// is well: fifty idle processes should cost nearly nothing. Descriptors are counted every five seconds, and each time at first.
// On systems without /proc it says that it does not know.
import { readdirSync, statSync } from 'node:fs';
import type { ProcessState, UsageObservation } from '@hale/model';
import { followMainThread } from './main-thread.ts';
import { openProcFile } from './proc-file.ts';

/** What the process's own pulse says at this look. */
export interface PulseWord {
  /** The preload has just halted the thread to take its stack: a pause since the last look is not its own. */
  readonly isInterrupted: boolean;
  /** It has just beaten, and its main loop turns: it runs, and nothing is stuck. */
  readonly isWell: boolean;
}

export interface ProcSampler {
  /** Looks once; `nowMs` is Clock.mono(). */
  look(nowMs: number, pulse: PulseWord): void;
  readonly state: ProcessState;
  readonly usage: UsageObservation | undefined;
  close(): void;
}

const ticksPerSecond = 100;
const pageBytes = 4096;
const rareMs = 5000;
/** A process that is well is looked at this often. */
const wellMs = 950;
const youngLooks = 16;
/** CPU is measured over this, since the kernel counts it in steps of 10 ms. */
const cpuWindowMs = 900;

export function createProcSampler(pid: number): ProcSampler {
  const stat = openProcFile(`/proc/${pid}/stat`);
  const thread = followMainThread(pid);
  let looks = 0;
  let state: ProcessState = { kind: 'unknown' };
  let openFiles = 0;
  let rssBytes = 0;
  let cpuRatio = 0;
  let lookedAt = 0;
  let countedAt = 0;
  let cpuMark: { atMs: number; ticks: number } | undefined;

  return {
    look(nowMs, { isInterrupted, isWell }) {
      const isSettled = looks >= youngLooks && state.kind === 'running' && thread.stuckMs === 0;
      if (isWell && isSettled && nowMs - lookedAt < wellMs) return;
      lookedAt = nowMs;
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
      rssBytes = Number(fields[21]) * pageBytes;
      if (looks++ < youngLooks || nowMs - countedAt >= rareMs) {
        countedAt = nowMs;
        openFiles = countOpenFiles(pid);
      }
      thread.look(nowMs, letter, isInterrupted);
    },
    get state() {
      return state;
    },
    get usage() {
      return looks === 0 ? undefined : { cpuRatio, rssBytes, openFiles, mainThreadStuckMs: Math.round(thread.stuckMs) };
    },
    close() {
      stat.close();
      thread.close();
    },
  };
}

function stateOf(letter: string): ProcessState {
  if (letter === 'T' || letter === 't') return { kind: 'stopped' };
  if (letter === 'Z' || letter === 'X') return { kind: 'exited', code: undefined, signal: undefined };
  return { kind: 'running' };
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
