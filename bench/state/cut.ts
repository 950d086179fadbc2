// Wire cutters: lets no packet of some processes through, for a while, as a broken switch would. Nothing is refused or reset: connections stay, half
// dead, and both ends find out by themselves, or never. Of a node its own port is cut, the connections that it has opened, and whatever it opens while
// it is cut (known by its control group). Some ports pass always: those of clients who sit on the struck node's own side.
// What it cannot cut, because all nodes share one host: signals, the keeper's word about an exit, and files; so Hale can kill a node that it cannot
// reach, which between hosts it could not. Only inside of quarters.ts.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { withDescendants } from './cage.ts';
import type { PortRange } from './ledger.ts';
import { markOfRun } from './quarters.ts';

const run = promisify(execFile);
/** Whoever speaks from these is on the struck node's side of the cut; the kernel gives them to nobody else here (quarters.ts). */
export const besidePorts: PortRange = { first: 51_000, last: 60_999 };
const groups = '/sys/fs/cgroup';

export const ways = ['both ways', 'nothing reaches it', 'nothing leaves it'] as const;
export type Way = (typeof ways)[number];

export interface Wires {
  readonly pids: readonly number[];
  /** Where its processes listen. */
  readonly ports: readonly number[];
  /** Cut only from who listens there; left out: from everybody. */
  readonly from?: number;
  readonly way: Way;
}

let count = 0;

/** Resolves when the cut is in force, with what ends it. */
export async function cutOff(wires: Wires): Promise<() => Promise<void>> {
  const name = `hale-cut-${markOfRun()}-${++count}`;
  mkdirSync(`${groups}/${name}`);
  const pids = moveInto(name, wires.pids);
  const own = clientPorts(pids).filter((port) => !wires.ports.includes(port));
  await nft(tableOf(name, wires, own));
  return async () => {
    await run('nft', ['delete', 'table', 'inet', name]);
    await moveOut(name);
  };
}

/** The rules as nft reads them. */
export function tableOf(name: string, { ports, from, way }: Wires, own: readonly number[]): string {
  const set = (of: readonly number[]) => `{ ${of.join(', ')} }`;
  const side = (mine: 'sport' | 'dport', theirs: 'sport' | 'dport') => {
    const to = from === undefined ? '' : `tcp ${theirs} ${from} `;
    return [
      ...(ports.length === 0 ? [] : [`${to}tcp ${mine} ${set(ports)} drop`]),
      ...(own.length === 0 ? [] : [`${to}tcp ${mine} ${set(own)} drop`]),
      `${to}socket cgroupv2 level 1 "${name}" drop`,
    ];
  };
  const beside = `${besidePorts.first}-${besidePorts.last}`;
  const chain = (hook: string, rules: readonly string[]) =>
    [
      `chain ${hook} {`,
      `type filter hook ${hook} priority 0`,
      `tcp sport ${beside} accept`,
      `tcp dport ${beside} accept`,
      ...rules,
      '}',
    ].join('\n');
  const chains = [
    ...(way === 'nothing reaches it' ? [] : [chain('output', side('sport', 'dport'))]),
    ...(way === 'nothing leaves it' ? [] : [chain('input', side('dport', 'sport'))]),
  ];
  return `table inet ${name} {\n${chains.join('\n')}\n}\n`;
}

async function nft(rules: string): Promise<void> {
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  child.stdin.end(rules);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`nft did not take the cut: ${said}`);
}

/** Who is born while we look is found by looking again. */
function moveInto(name: string, roots: readonly number[]): readonly number[] {
  const moved = new Set<number>();
  for (;;) {
    const fresh = withDescendants(roots).filter((pid) => !moved.has(pid));
    if (fresh.length === 0) return [...moved];
    for (const pid of fresh) {
      moved.add(pid);
      assign(pid, `${groups}/${name}`);
    }
  }
}

async function moveOut(name: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    for (const line of readFileSync(`${groups}/${name}/cgroup.procs`, 'utf8').split('\n'))
      if (line !== '') assign(Number(line), groups);
    try {
      rmdirSync(`${groups}/${name}`);
      return;
    } catch {
      // Somebody was born, or is not buried yet.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function assign(pid: number, group: string): void {
  try {
    writeFileSync(`${group}/cgroup.procs`, String(pid));
  } catch {
    // Gone already.
  }
}

/** Local ports of the TCP connections that these processes hold. */
function clientPorts(pids: readonly number[]): readonly number[] {
  const inodes = new Set(pids.flatMap(socketsOf));
  const lines = readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1);
  const ports = lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return inodes.has(fields[9] ?? '') ? [Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)] : [];
  });
  return [...new Set(ports)];
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
