// Turns the key: starts a keeper as a process of its own that outlives whoever started it, waits until it answers, has the
// sockets bound and control started. When a keeper already runs, that one is used.
import { spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { platformError } from '../errors.ts';
import { connectKeeper, type KeeperClient } from './client.ts';
import { openLog } from './logs.ts';
import type { ControlRequest } from './protocol.ts';

export interface StartKeeperOptions {
  readonly root: string;
  /** From runtimeDirOf. */
  readonly runtimeDir: string;
  /** What to keep running; left out when a new keeper adopts the control that starts it. */
  readonly control?: ControlRequest | undefined;
  /** Sockets to hand on to a new keeper: what control inherited (see inheritedListeners). */
  readonly inherited?: readonly InheritedListener[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface InheritedListener {
  readonly name: string;
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

const startMsMax = 10_000;

/** The sockets that control got from the keeper (`HALE_LISTENERS=name=fd=host=port,...`). */
export function inheritedListeners(
  env: Readonly<Record<string, string | undefined>> = process.env,
): InheritedListener[] {
  return (env['HALE_LISTENERS'] ?? '').split(',').flatMap((part) => {
    const [name = '', fd = '', host = '', port = ''] = part.split('=');
    return name === '' ? [] : [{ name, fd: Number(fd), host, port: Number(port) }];
  });
}

/** Throws HALE_PLATFORM_KEEPER_TIMEOUT with the last lines of its log when it does not come up. */
export async function startKeeper(options: StartKeeperOptions): Promise<KeeperClient> {
  const { runtimeDir } = options;
  const running = await connectKeeper(runtimeDir);
  const client = running ?? (await startNew(options));
  if (options.control !== undefined) await client.control(options.control);
  return client;
}

async function startNew(options: StartKeeperOptions): Promise<KeeperClient> {
  const { root, runtimeDir, inherited = [] } = options;
  const logPath = join(root, '.hale', 'logs', 'keeper.log');
  const log = openLog(logPath);
  const handed = inherited.map(({ name, host, port }, i) => `${name}=${3 + i}=${host}=${port}`).join(',');
  const main = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=1',
      '--max-old-space-size=64',
      main,
      '--root',
      root,
      '--runtime',
      runtimeDir,
      '--listeners',
      handed,
    ],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', log, log, ...inherited.map(({ fd }) => fd)],
      env: { ...(options.env ?? process.env), NODE_OPTIONS: '', HALE_LISTENERS: '' },
    },
  );
  child.on('error', () => {});
  child.unref();
  closeSync(log);
  for (const deadline = Date.now() + startMsMax; Date.now() < deadline; ) {
    const client = await connectKeeper(runtimeDir);
    if (client !== undefined) return client;
    // Two callers may start one at once: the loser ends with code 3 and the winner answers.
    if (child.exitCode !== null && child.exitCode !== 3) break;
    await sleep(20);
  }
  throw platformError('HALE_PLATFORM_KEEPER_TIMEOUT', `the keeper did not come up: ${tailOf(logPath)}`);
}

function tailOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-1000).trim();
  } catch {
    return 'it has written nothing';
  }
}
