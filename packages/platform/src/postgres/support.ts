// What `hale doctor` asks: can this PostgreSQL run on this machine, and how?
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isHaleError } from '@hale/base';
import { postgresError } from './errors.ts';
import { reachableBinaries } from './place.ts';
import { dressed, findRunAs, identityOf, type RunAs } from './run-as.ts';

const run = promisify(execFile);

export interface PostgresSupport {
  readonly ok: boolean;
  /** Version, where from and as whom, or what is wrong. */
  readonly how: string;
  /** What to type; '' when all is well. */
  readonly hint: string;
}

/** Tries it: finds the binaries (in `bin`, else from npm) and lets them say their version. Never throws for what is missing. */
export async function postgresSupport(bin?: string): Promise<PostgresSupport> {
  try {
    const runAs = await findRunAs();
    const { postgres } = await reachableBinaries(runAs, bin);
    const [program = '', ...args] = dressed(runAs, [postgres, '--version']);
    const { stdout } = await run(program, args, { timeout: 10_000, ...identityOf(runAs) }).catch((cause: unknown) => {
      const said = (cause as { stderr?: string }).stderr?.trim() ?? String(cause);
      throw postgresError('HALE_PLATFORM_POSTGRES_BROKEN', `${postgres} does not run here: ${said}`, { cause });
    });
    return {
      ok: true,
      how: `${stdout.trim().replace('postgres (PostgreSQL)', 'PostgreSQL')} ${whence(bin)}, ${wordsFor(runAs)}`,
      hint: '',
    };
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return { ok: false, how: error.message, hint: error.hint };
  }
}

function whence(bin: string | undefined): string {
  return bin === undefined ? 'from npm (for development and small systems)' : `from ${bin}`;
}

function wordsFor(runAs: RunAs): string {
  if (runAs.kind === 'self') return 'run as you';
  if (runAs.kind === 'namespace') return 'run in a user namespace, because it refuses root';
  return `run as ${runAs.name}, because it refuses root`;
}
