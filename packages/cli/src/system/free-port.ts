// Finds house numbers that are free. A number once given stays with the system, so it is taken from below the range
// that the kernel lends to outgoing connections, and starts at a place that the system's id decides, so that two
// systems rarely ask for the same. It also says who sits on a port that is taken.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { hashText } from '@hale/base';

const firstPort = 20_000;
const portCount = 12_000;

/** True when `port` can be listened on. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port outside `taken`, near a place that `seedText` decides. */
export async function choosePort(seedText: string, taken: ReadonlySet<number>): Promise<number> {
  const start = Number.parseInt(hashText(seedText).slice(0, 8), 16) % portCount;
  for (let i = 0; i < portCount; i++) {
    const port = firstPort + ((start + i) % portCount);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new RangeError(`no free port between ${firstPort} and ${firstPort + portCount - 1}`);
}

/** 'pid 812 (node server.js)' of whoever listens on `port`; undefined where the kernel does not tell (another user, macOS). */
export function holderOfPort(port: number): string | undefined {
  try {
    const inodes = listeningInodes(port);
    if (inodes.size === 0) return undefined;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsSocket(pid, inodes)) return `pid ${pid} (${commandOf(pid)})`;
    }
  } catch {
    // no /proc here: nobody can be named
  }
  return undefined;
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A' && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  return inodes;
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      return match?.[1] !== undefined && inodes.has(match[1]);
    });
  } catch {
    return false;
  }
}

/** A process of a Hale system is told by its system: its own command line would tell nobody anything. */
function commandOf(pid: string): string {
  const root = rootOfSystem(pid);
  if (root !== undefined) return `the Hale system in ${root}: hale down -C ${root}`;
  const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function rootOfSystem(pid: string): string | undefined {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const isHale = words.some((word) => /[\\/](?:keeper[\\/]main|control-main)\.[jt]s$/.test(word));
  const root = words[words.indexOf('--root') + 1];
  return isHale && words.includes('--root') ? root : undefined;
}
