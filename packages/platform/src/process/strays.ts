// Finds children that ran away: every process of a replica carries its incarnation in its environment, and a grandchild that
// left the group still does. Reads /proc once, for all; never trusts a name.
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of living processes whose environment says `HALE_INCARNATION=<incarnation>`. Linux only; elsewhere none. */
export function findStrays(incarnation: string): number[] {
  if (process.platform !== 'linux') return [];
  const mark = Buffer.from(`HALE_INCARNATION=${incarnation}\0`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map(Number)
    .filter((pid) => hasMark(pid, mark) && !isZombie(pid));
}

/** SIGKILLs them; gives how many were found. */
export function killStrays(incarnation: string): number {
  const strays = findStrays(incarnation);
  for (const pid of strays) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  return strays.length;
}

function hasMark(pid: number, mark: Buffer): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.indexOf(mark);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}
