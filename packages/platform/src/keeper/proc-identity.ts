// Is that process still the one we know? A pid alone may have been given to somebody else; a pid with its start time
// has not. A zombie is dead. Linux reads /proc; elsewhere only "somebody has this pid" can be said.
import { readFileSync } from 'node:fs';

export interface Identity {
  readonly startTime: string;
  /** R, S, D, T, t, Z... */
  readonly state: string;
}

/** Start time and state of `pid`, or undefined where there is none. */
export function identify(pid: number): Identity | undefined {
  if (process.platform !== 'linux') {
    try {
      process.kill(pid, 0);
      return { startTime: '', state: 'R' };
    } catch {
      return undefined;
    }
  }
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, spaces and parentheses too: count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '?', startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** True while `pid` is the process that started at `startTime` and is not a zombie. */
export function isAlive(pid: number, startTime: string): boolean {
  const found = identify(pid);
  return found !== undefined && found.state !== 'Z' && found.state !== 'X' && found.startTime === startTime;
}
