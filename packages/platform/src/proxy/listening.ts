// Opens the shop before the shopkeeper is there: the keeper's sockets, bound but silent, begin to listen, so that whoever comes waits in the
// kernel's queue until the balancer that inherits them accepts. Nobody is accepted here.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HaleError } from '@hale/base';
import { gatewayErrors } from '../gateway/errors.ts';
import type { ProxyListener } from './proxy-program.ts';

const child = fileURLToPath(new URL('./listening-child.ts', import.meta.url));
const childMsMax = 10_000;

/** Names with descriptors -> the same with addresses; they listen from now on. Throws HALE_PLATFORM_GATEWAY_LISTENER. */
export function openListeners(handed: readonly { readonly name: string; readonly fd: number }[]): ProxyListener[] {
  const stdio = ['ignore' as const, 'pipe' as const, 'inherit' as const, ...handed.map(({ fd }) => fd)];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout, error } = spawnSync(process.execPath, [child, String(handed.length)], {
    stdio,
    env,
    timeout: childMsMax,
  });
  const addresses = parseAddresses(String(stdout));
  return handed.map(({ name, fd }, index) => {
    const found = addresses[index];
    if (found !== null && found !== undefined) return { name, fd, host: found.address, port: found.port };
    const { message, hint } = gatewayErrors.HALE_PLATFORM_GATEWAY_LISTENER;
    const reason = `${message}: '${name}' (descriptor ${fd}) does not listen${error === undefined ? '' : `: ${error.message}`}`;
    throw new HaleError({ code: 'HALE_PLATFORM_GATEWAY_LISTENER', message: reason, hint });
  });
}

function parseAddresses(text: string): readonly ({ readonly address: string; readonly port: number } | null)[] {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
