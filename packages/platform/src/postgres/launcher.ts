// The recipe for a PostgreSQL node: which program, as whom, on which data, how to ask it how it is, and how to ask it to go.
// It starts nothing itself. Before each start it makes the data folder if there is none, and ends what an earlier
// postmaster left behind; data that was ever whole is never touched.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { backupOf, isCluster } from '@hale/model';
import { receiverName } from '../backup/steward/receiver-name.ts';
import { removeSlot } from '../backup/steward/slot.ts';
import type { Launch, LaunchContext, Launcher } from '../process/launcher.ts';
import { assertPortFree, homeOf, portOf } from './address.ts';
import { standAlone } from './alone.ts';
import { launchNode } from './cluster-launcher.ts';
import { checkPostgres } from './connection.ts';
import { ensureDataFolder, readPassword } from './data-folder.ts';
import { type DiskWord, roomOf } from './disk-room.ts';
import { launchStandIn } from './elsewhere.ts';
import { assertNotGone, noteMade, onceMadeFile } from './once-made.ts';
import { reachableBinaries, reachableHome } from './place.ts';
import { reservedConnections } from './reserved.ts';
import { dressed, findRunAs, identityOf, type RunAs } from './run-as.ts';
import { serverArguments } from './settings.ts';
import { clearStrays } from './strays.ts';

/** Launches the embedded PostgreSQL for a unit of role 'postgres'. Throws HaleError HALE_PLATFORM_POSTGRES_*. */
export const postgresLauncher: Launcher = async (context) => launchAs(await findRunAs(), context);

/** A receiver that stays away must not fill the disk (INV-09); behind that a new backup closes the hole. */
const slotKeep = '4GB';

/** What a node is told because its log is followed. */
function followed({ spec, unit }: LaunchContext): { readonly slotKeep?: string; readonly synchronousTo?: string } {
  const backup = backupOf(spec, unit);
  if (backup?.pitr !== true) return {};
  return { slotKeep, ...(backup.synchronous && { synchronousTo: receiverName }) };
}

/** The recipe when the engine is run in a given way; tests ask for the ways that this machine would not choose. */
export async function launchAs(runAs: RunAs, context: LaunchContext): Promise<Launch> {
  const resource = context.spec.resources[context.unit];
  if (resource === undefined) throw new TypeError(`${context.unit} is no resource of release ${context.release}`);
  if (resource.url !== undefined) return launchStandIn(context, resource);
  if (isCluster(resource)) return launchNode(runAs, context, resource);
  const binaries = await reachableBinaries(runAs, resource.bin);
  const home = await reachableHome(runAs, homeOf(context.root, context.unit));
  const port = await portOf(home, resource.port);
  // An unprivileged user cannot enter the runtime folder; loopback serves as well.
  const socketFolder = runAs.kind === 'user' ? undefined : join(context.runtimeDir, `pg-${context.unit}`);
  const name = `${context.spec.name}-${context.unit}`;
  const pgdata = join(home, 'pgdata');
  const reserved = reservedConnections(pgdata);
  const note = onceMadeFile(context.root, context.unit);
  let disk: DiskWord;
  return {
    argv: dressed(runAs, [
      binaries.postgres,
      ...serverArguments({ pgdata, port, socketFolder, name, reserved, ...followed(context) }),
    ]),
    cwd: home,
    env: {},
    listeners: [],
    port,
    ...identityOf(runAs),
    stopSignal: 'SIGINT',
    async prepare() {
      await assertNotGone(note, pgdata);
      await ensureDataFolder(home, { binaries, runAs }, resource.database);
      await noteMade(note);
      await clearStrays(pgdata);
      if (backupOf(context.spec, context.unit)?.pitr !== true) await removeSlot(pgdata);
      await standAlone(home, context.unit, runAs);
      await assertPortFree(port);
      if (socketFolder !== undefined) await mkdir(socketFolder, { recursive: true, mode: 0o700 });
    },
    async check(signal) {
      const password = readPassword(home);
      if (password === undefined) return { kind: 'fail', reason: `${join(home, 'password')} is missing` };
      disk = await roomOf(pgdata);
      if (disk === 'gone') return { kind: 'fail', reason: `its data folder is gone: ${pgdata}` };
      return checkPostgres({ port, password, database: resource.database }, signal);
    },
    disk: () => disk,
  };
}
