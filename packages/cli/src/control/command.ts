// How a control room is started so that it weighs little: compiled code (and TypeScript with its types taken off) is kept on
// disk, which halves its memory and its time to start, and its nursery is small, because it makes little garbage.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ControlCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const flags = ['--max-semi-space-size=1', '--no-warnings'];

/** What the keeper is told to keep running for the system in `root`. `env` is what its replicas will inherit too. */
export function controlCommand(root: string, env: Readonly<Record<string, string | undefined>>): ControlCommand {
  const here = import.meta.url;
  const main = fileURLToPath(new URL(here.endsWith('.ts') ? '../control-main.ts' : '../control-main.js', here));
  const given = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    argv: [process.execPath, ...flags, main, '--root', root],
    cwd: root,
    env: { NODE_COMPILE_CACHE: compileCache(env), ...Object.fromEntries(given) },
  };
}

/** In the user's own cache, because /tmp belongs to everybody and code is run from it. */
function compileCache(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hale', 'compiled');
}
