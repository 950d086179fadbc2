// When nobody opens the door we were told of, looks whether the program opened another one: listening sockets that belong to
// its process group, found through /proc. Costs a walk over /proc, so it is asked only while a start fails.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ports other than `told` on which the group of `pid` listens. Linux only; elsewhere none. */
export function otherPorts(pid: number, told: number): number[] {
  if (process.platform !== 'linux') return [];
  const ports = new Map([...listeningPorts('tcp'), ...listeningPorts('tcp6')]);
  const found = new Set<number>();
  for (const member of groupMembers(pid))
    for (const inode of socketInodes(member)) {
      const port = ports.get(inode);
      if (port !== undefined && port !== told) found.add(port);
    }
  return [...found].sort((a, b) => a - b);
}

/** The sentence for a person. */
export function otherPortReason(ports: readonly number[], told: number): string {
  const [first] = ports;
  return `listens on ${ports.join(', ')} but was told PORT=${told}: read process.env.PORT or declare \`port: ${first}\``;
}

function listeningPorts(table: 'tcp' | 'tcp6'): [string, number][] {
  try {
    return readFileSync(`/proc/net/${table}`, 'latin1')
      .split('\n')
      .slice(1)
      .flatMap((line): [string, number][] => {
        const fields = line.trim().split(/\s+/);
        const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
        return fields[3] === '0A' && fields[9] !== undefined ? [[fields[9], port]] : [];
      });
  } catch {
    return [];
  }
}

function groupMembers(leader: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]) === leader;
      } catch {
        return false;
      }
    });
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const match = /^socket:\[(\d+)\]$/.exec(tryReadlink(`/proc/${pid}/fd/${fd}`));
      return match?.[1] === undefined ? [] : [match[1]];
    });
  } catch {
    return [];
  }
}

function tryReadlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
