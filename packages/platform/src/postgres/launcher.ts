// The recipe for a PostgreSQL node: which program, as whom, on which data, how to ask it how it is, and how to ask it to go.
// It starts nothing itself. Before each start it makes the data folder if there is none, and ends what an earlier
// postmaster left behind; data that was ever whole is never touched.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch, LaunchContext, Launcher } from '../process/launcher.ts';
import { assertPortFree, homeOf, portOf } from './address.ts';
import { copyBinaries, findBinaries, type PostgresBinaries } from './binaries.ts';
import { checkPostgres } from './connection.ts';
import { ensureDataFolder, readPassword } from './data-folder.ts';
import { postgresError } from './errors.ts';
import { blockedAt, dressed, findRunAs, identityOf, type RunAs } from './run-as.ts';
import { serverArguments } from './settings.ts';
import { clearStrays } from './strays.ts';

/** Where binaries are copied to when they cannot be used where npm put them. */
const copiesFolder = '/var/tmp/hale-postgres';

/** Launches the embedded PostgreSQL for a unit of role 'postgres'. Throws HaleError HALE_PLATFORM_POSTGRES_*. */
export const postgresLauncher: Launcher = async (context) => {
  const resource = context.spec.resources[context.unit];
  if (resource === undefined) throw new TypeError(`${context.unit} is no resource of release ${context.release}`);
  const runAs = await findRunAs();
  const binaries = await reachableBinaries(runAs);
  const home = homeOf(context.root, context.unit);
  const port = await portOf(home, resource.port);
  const socketFolder = runAs.kind === 'user' ? undefined : join(context.runtimeDir, `pg-${context.unit}`);
  const server = serverArguments({ pgdata: join(home, 'pgdata'), port, socketFolder, name: nameOf(context) });
  return {
    argv: dressed(runAs, [binaries.postgres, ...server]),
    cwd: home,
    env: {},
    listeners: [],
    port,
    ...identityOf(runAs),
    stopSignal: 'SIGINT',
    async prepare() {
      await ensureReachable(runAs, home);
      const { pgdata } = await ensureDataFolder(home, binaries, runAs);
      await clearStrays(pgdata);
      await assertPortFree(port);
      if (socketFolder !== undefined) await mkdir(socketFolder, { recursive: true, mode: 0o700 });
    },
    async check(signal) {
      const password = readPassword(home);
      if (password === undefined) return { kind: 'fail', reason: `${join(home, 'password')} is missing` };
      return checkPostgres({ port, password, database: resource.database }, signal);
    },
  } satisfies Launch;
};

function nameOf(context: LaunchContext): string {
  return `${context.spec.name}-${context.unit}`;
}

export async function reachableBinaries(runAs: RunAs): Promise<PostgresBinaries> {
  const binaries = await findBinaries(copiesFolder);
  const blocked = await blockedAt(runAs, binaries.postgres);
  return blocked === undefined ? binaries : copyBinaries(binaries, copiesFolder);
}

async function ensureReachable(runAs: RunAs, home: string): Promise<void> {
  const blocked = await blockedAt(runAs, home);
  if (blocked === undefined) return;
  const who = runAs.kind === 'user' ? runAs.name : 'this user';
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_UNREACHABLE',
    `PostgreSQL would run as ${who}, who may not enter ${blocked}`,
    {
      details: { blocked },
    },
  );
}
