// Finds children that ran away: every process of a replica carries its incarnation in its environment, and a grandchild that
// left the group still does. Reads /proc once, for all; never trusts a name.
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Pids of living processes whose environment says `HALE_INCARNATION=<incarnation>`, and `HALE_SYSTEM=<system>` where one is named: a system
 * that was rebuilt from a backup on the same machine remembers the lives of its original, and they are not its own. Linux only;
 * elsewhere none.
 */
export function findStrays(incarnation: string, system?: string): number[] {
  if (process.platform !== 'linux') return [];
  const said = [`HALE_INCARNATION=${incarnation}`, ...(system === undefined ? [] : [`HALE_SYSTEM=${system}`])];
  const marks = said.map((text) => Buffer.from(`${text}\0`));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map(Number)
    .filter((pid) => hasMarks(pid, marks) && !isZombie(pid));
}

/** SIGKILLs them; gives how many were found. */
export function killStrays(incarnation: string, system: string): number {
  const strays = findStrays(incarnation, system);
  for (const pid of strays) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  return strays.length;
}

function hasMarks(pid: number, marks: readonly Buffer[]): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    return marks.every((mark) => {
      const at = environment.indexOf(mark);
      return at === 0 || (at > 0 && environment[at - 1] === 0);
    });
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
