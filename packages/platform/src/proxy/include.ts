// A guest in somebody else's NGINX: writes the one file it was given, of upstreams, has the owner's command check the whole, and asks for a reload.
// What is refused is taken back. It starts, stops and reads nothing else of that NGINX.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { IncludeSpec } from '@hale/model';
import { renderNginxUpstreams } from '@hale/render';
import { platformError } from '../errors.ts';
import type { ProxyConfig, ProxyProgram } from './proxy-program.ts';

const run = promisify(execFile);
const commandMsMax = 30_000;
const wordsMax = 2000;

export type Include = Pick<ProxyProgram, 'start' | 'apply' | 'isRunning'>;

/** `root`: where the owner's commands run. */
export function createInclude(spec: IncludeSpec, root: string): Include {
  const { file, reload, check } = spec;
  const apply = async (config: ProxyConfig): Promise<void> => {
    const text = renderNginxUpstreams(
      config.services.map((service) => ({ ...service, hold: holdOf(config, service.name) })),
    );
    const before = readText(file);
    if (text === before) return;
    write(file, text);
    for (const [what, argv] of [['check', check] as const, ['reload', reload] as const]) {
      if (argv === undefined) continue;
      const words = await complaintOf(argv, root);
      if (words === undefined) continue;
      if (before === undefined) rmSync(file, { force: true });
      else write(file, before);
      throw platformError('HALE_PLATFORM_PROXY_REFUSED', `${what} (${argv.join(' ')}) refuses ${file}: ${words}`);
    }
  };
  return { start: apply, apply, isRunning: () => true };
}

/** The service's own internal listener, where the pilot's worker answers: that NGINX may run as another user, to whom a socket's file is closed. */
function holdOf({ listeners }: ProxyConfig, service: string): string {
  const own = listeners.find(({ name }) => name === `svc:${service}`);
  return own === undefined ? '127.0.0.1:1' : `${own.host}:${own.port}`;
}

async function complaintOf([program = '', ...args]: readonly string[], cwd: string): Promise<string | undefined> {
  try {
    await run(program, args, { cwd, timeout: commandMsMax });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return (stderr || message).trim().slice(0, wordsMax);
  }
}

/** Beside and renamed, so that a reload of somebody else's never reads half. */
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.hale-new`, text);
  renameSync(`${file}.hale-new`, file);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
