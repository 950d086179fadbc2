// Looks through the kernel's list of processes for those that carry a system's mark (HALE_SYSTEM=<id> in their
// environment), by which strays are found (decision 0002). A zombie is dead. Where there is no /proc it finds nobody
// and says so by `canLook`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
  /** The replica it says it is, e.g. 'orders/0'. */
  readonly replica: string | undefined;
}

export const canLook = () => existsSync('/proc/self/environ');

/** Processes that carry the mark of system `id`; never this process nor those it descends from. */
export function findMarked(id: string): MarkedProcess[] {
  if (!canLook()) return [];
  const own = ancestors(process.pid);
  const mark = `HALE_SYSTEM=${id}`;
  const found: MarkedProcess[] = [];
  const families = new Set<number>();
  const orphans: { pid: number; session: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || own.has(pid)) continue;
    const variables = readOrEmpty(`/proc/${pid}/environ`).split('\0');
    const command = readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    // NGINX writes its title over its environment: its master says the mark among its arguments, and its workers are of its session.
    const isNginx = command.startsWith('nginx:');
    if (isNginx && command.includes(mark)) families.add(pid);
    else if (isNginx) orphans.push({ pid, session: sessionOf(pid), command });
    if ((!variables.includes(mark) && !families.has(pid)) || isDead(pid)) continue;
    const replica = variables.find((text) => text.startsWith('HALE_REPLICA='))?.slice('HALE_REPLICA='.length);
    found.push({ pid, command: command.slice(0, 120), replica });
  }
  const workers = orphans.filter(({ pid, session }) => families.has(session) && !isDead(pid));
  return [...found, ...workers.map(({ pid, command }) => ({ pid, command, replica: undefined }))];
}

function sessionOf(pid: number): number {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] ?? 0);
}

/** True when no process `pid` runs (a zombie does not). */
export function isDead(pid: number): boolean {
  if (canLook()) {
    const state = /\) (\S)/.exec(readOrEmpty(`/proc/${pid}/stat`))?.[1];
    return state === undefined || state === 'Z' || state === 'X';
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** When `pid` was born, as the kernel counts: tells it from a later process of the same number. Undefined without /proc. */
export function startTimeOf(pid: number): string | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Kills by pid; one that is gone already is no error. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ancestors(pid: number): Set<number> {
  const line = new Set<number>();
  for (let at = pid; at > 1 && !line.has(at); ) {
    line.add(at);
    at = Number(/\) \S (\d+)/.exec(readOrEmpty(`/proc/${at}/stat`))?.[1] ?? 0);
  }
  return line;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
