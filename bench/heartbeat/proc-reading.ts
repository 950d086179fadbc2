// What the kernel says about processes: their share of memory (PSS: a page that four share counts as a quarter) and the CPU
// they have used. Linux only; a process that is gone weighs nothing.
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

export interface MarkedProcess {
  readonly pid: number;
  /** 'idle/0', or 'hale/control'. */
  readonly replica: string;
}

/** Every process that carries the mark of this system. */
export function processesOf(systemId: string): readonly MarkedProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const variables = readOrEmpty(`/proc/${name}/environ`).split('\0');
    if (!variables.includes(`HALE_SYSTEM=${systemId}`)) return [];
    const replica = variables.find((text) => text.startsWith('HALE_REPLICA='))?.slice('HALE_REPLICA='.length) ?? '';
    return [{ pid: Number(name), replica }];
  });
}

export function pssMb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

export function cpuSeconds(pid: number): number {
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
