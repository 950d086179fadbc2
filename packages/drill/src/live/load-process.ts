// The crowd at the door, as a process of its own: what the drill's own work costs must not slow the load down, and a load
// that stutters must not look like a service that does. Spoken to by lines: `mark NAME` closes an interval, `stop` ends and audits.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { drillError } from '../errors.ts';
import type { LoadAccount } from '../script/hands.ts';
import type { LoadPlan } from './load/plan.ts';
import type { Snapshot } from './load/report.ts';

export interface LoadProcess {
  /** Ends the present interval; gives what happened in it. */
  mark(): Promise<Snapshot>;
  /** Another rate from now on. */
  setRps(rps: number): void;
  /** Sends no more, waits for what is under way, audits the books; gives the whole. */
  stop(): Promise<LoadWhole>;
  kill(): void;
}

export type LoadWhole = Omit<LoadAccount, 'retried' | 'steadyP99Ms' | 'faultP99Ms'>;

export interface LoadProcessOptions {
  readonly url: string;
  readonly rps: number;
  readonly plan: LoadPlan;
  readonly seed: number;
}

/** Starts the crowd. It ends with its parent: a closed stdin is a stop. */
export function startLoadProcess(options: LoadProcessOptions): LoadProcess {
  const main = fileURLToPath(new URL('./load/main.ts', import.meta.url));
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [main, JSON.stringify(options)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  // Not at its exit: its last answer may still be in the pipe then.
  child.on('close', (code) => {
    for (const one of waiting.splice(0))
      one.reject(drillError('HALE_DRILL_LOAD_ENDED', `the load generator ended with ${code}`));
  });
  child.stdin.on('error', () => undefined);
  const ask = async <T>(word: string): Promise<T> => {
    const answer = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
    child.stdin.write(`${word}\n`);
    return JSON.parse(await answer) as T;
  };
  return {
    mark: () => ask<Snapshot>('mark'),
    setRps: (rps) => void child.stdin.write(`rps ${rps}\n`),
    stop: () => ask<LoadWhole>('stop'),
    kill: () => void child.kill('SIGKILL'),
  };
}
