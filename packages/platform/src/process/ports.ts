// Hands out numbers at the cloakroom: a free port of this machine for each incarnation, below the range that the kernel gives to
// outgoing connections, and not the same one again within a minute, so that a late packet never meets a stranger.
// Also keeps the ports of the listeners (`system.json`), so that addresses outlive restarts.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { platformError } from '../errors.ts';

const firstPort = 20_000;
const portCount = 12_000;
const restMs = 60_000;
const triesMax = 200;

export interface PortBook {
  /** A free port. Throws HALE_PLATFORM_NO_PORT after 200 taken ones. */
  take(): Promise<number>;
  /** Says that `port` is in use by one that was adopted, or was just given back. */
  rest(port: number): void;
}

export function createPortBook(clock: Clock): PortBook {
  const takenAt = new Map<number, number>();
  let next = Math.floor(clock.mono() * 7919) % portCount;
  return {
    async take() {
      const now = clock.mono();
      for (const [port, at] of takenAt) if (now - at > restMs) takenAt.delete(port);
      for (let tries = 0; tries < triesMax; tries++) {
        const port = firstPort + next;
        next = (next + 1) % portCount;
        if (takenAt.has(port) || !(await isFree(port))) continue;
        takenAt.set(port, now);
        return port;
      }
      throw platformError('HALE_PLATFORM_NO_PORT', `no free port among ${triesMax} tried`);
    },
    rest: (port) => void takenAt.set(port, clock.mono()),
  };
}

/** Free on every address: a program may listen on one of them or on all. */
async function isFree(port: number): Promise<boolean> {
  return (await mayListen(port, '::')) && (await mayListen(port, '127.0.0.1'));
}

function mayListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 says nothing about the port.
      resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL');
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Ports of the listeners by name, as kept in `.hale/system.json`. */
export function readListenerPorts(root: string): Record<string, number> {
  return { ...(readSystem(root)['ports'] as Record<string, number> | undefined) };
}

/** Adds to what is kept; the rest of the file stays. */
export function keepListenerPorts(root: string, ports: Readonly<Record<string, number>>): void {
  const path = join(root, '.hale', 'system.json');
  const system = readSystem(root);
  const merged = { ...system, ports: { ...(system['ports'] as object | undefined), ...ports } };
  if (JSON.stringify(merged) === JSON.stringify(system)) return;
  writeFileSync(`${path}.new`, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readSystem(root: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(root, '.hale', 'system.json'), 'utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
