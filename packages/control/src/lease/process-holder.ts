// A name for this very process that no later one can bear: boot, pid and start time. With it a lease left by a killed
// process is known to be free even when its pid was given to somebody else. Reads /proc where there is one; elsewhere a pid
// that answers counts as alive.
import { readFileSync } from 'node:fs';

/** 'boot/pid/start time' of this process. */
export function ownHolder(): string {
  return `${bootId()}/${process.pid}/${startTimeOf(process.pid) ?? 'unknown'}`;
}

/** The boot that this machine is in: it changes exactly when CLOCK_MONOTONIC begins anew. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'this-boot';
  }
}

/** Whether the process that gave itself this name still lives. A zombie is dead. */
export function isHolderAlive(holder: string): boolean {
  const [boot, pidText, startTime] = holder.split('/');
  const pid = Number(pidText);
  if (boot !== bootId() || !Number.isInteger(pid) || pid <= 0) return false;
  const now = startTimeOf(pid);
  if (now === undefined) return hasProc() ? false : answers(pid);
  return now === startTime;
}

/** Clock ticks from boot to the start of `pid`; undefined when there is no such process, or only its zombie. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function hasProc(): boolean {
  return startTimeOf(process.pid) !== undefined;
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
