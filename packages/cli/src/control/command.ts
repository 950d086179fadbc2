// How a control room is started so that it weighs little: compiled code (and TypeScript with its types taken off) is kept on
// disk, which halves its memory and its time to start, and its nursery is small, because it makes little garbage. The shelf it is
// kept on is swept when it is full; what programs of the user inherit does not name it.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ControlCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const flags = ['--max-semi-space-size=1', '--no-warnings'];

const cacheBytesMax = 64e6;

/** What the keeper is told to keep running for the system in `root`. `env` is what its replicas will inherit too. */
export function controlCommand(root: string, env: Readonly<Record<string, string | undefined>>): ControlCommand {
  const here = import.meta.url;
  const main = fileURLToPath(new URL(here.endsWith('.ts') ? '../control-main.ts' : '../control-main.js', here));
  return { argv: [process.execPath, ...flags, main, '--root', root], cwd: root, env: lightEnvironment(env) };
}

/**
 * `env` for a Node program of Hale's own. A cache that the user chose stays; ours is named twice, so that whoever starts
 * a program of the user knows which it is and leaves it out.
 */
export function lightEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const own = compileCache(env);
  return { NODE_COMPILE_CACHE: own, HALE_COMPILE_CACHE: own, ...Object.fromEntries(given) };
}

/** Empties the cache when it has grown over its bound (INV-09). It fills again by itself; whoever reads from it now has read it. */
export function boundCompileCache(env: Readonly<Record<string, string | undefined>>): void {
  const folder = compileCache(env);
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
    if (bytes > cacheBytesMax) rmSync(folder, { recursive: true, force: true });
  } catch {
    // There is none yet, or another start sweeps it at this moment.
  }
}

/** In the user's own cache, because /tmp belongs to everybody and code is run from it. */
function compileCache(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hale', 'compiled');
}
