// An exit in words. The kernel's word on it is final: a process that has exited serves nobody.
import { formatDuration } from '@hale/base';
import type { ProcessState } from '@hale/model';
import type { Life } from '../state.ts';

/** 'crashed (SIGKILL)', 'exited (code 3)', 'is gone (how is unknown)'. */
export function describeExit(process: ProcessState | undefined): string {
  if (process?.kind !== 'exited') return 'is gone (how is unknown)';
  if (process.signal !== undefined) return `crashed (${process.signal})`;
  return process.code === undefined ? 'is gone (how is unknown)' : `exited (code ${process.code})`;
}

/** What is known about an exit, as evidence: always at least two pieces. */
export function exitEvidence(life: Life, process: ProcessState | undefined, now: number): readonly string[] {
  const known = process?.kind === 'exited' && (process.code !== undefined || process.signal !== undefined);
  const kernel = known ? `kernel: the process ${describeExit(process)}` : 'kernel: the process no longer exists';
  const lived =
    life.upAt === undefined ? 'before it had started' : `after ${formatDuration(now - life.upAt)} of service`;
  return [kernel, `clock: it ended ${lived}`];
}
