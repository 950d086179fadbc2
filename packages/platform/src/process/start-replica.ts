// Starts one incarnation: asks the recipe, prepares, writes the name tag, has the keeper spawn it, and puts it under observation.
// The name tag is written before the birth, so that nobody is ever born whom the next control could not name.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '@hale/base';
import { type CommandBody, type DatabaseTerm, splitReplicaId, type UnitRole } from '@hale/model';
import { platformError } from '../errors.ts';
import type { KeeperClient } from '../keeper/client.ts';
import { type Fleet, heartbeatOf, keyOf, logOf } from './fleet.ts';
import { logLength } from './last-words.ts';
import type { Launch, LaunchContext, Launcher } from './launcher.ts';
import type { PortBook } from './ports.ts';
import type { ReplicaRecord } from './records.ts';
import type { Releases } from './releases.ts';
import { withPreload } from './service-launcher.ts';

export interface Starter {
  readonly root: string;
  readonly runtimeDir: string;
  readonly systemId: string;
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly ports: PortBook;
  readonly releases: Releases;
  readonly launchers: Readonly<Partial<Record<UnitRole, Launcher>>>;
  /** The environment that every process starts from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type StartCommand = Extract<CommandBody, { kind: 'StartReplica' }>;

/** Throws a HaleError when it cannot be started; then nothing is left of it. */
export async function startReplica(starter: Starter, command: StartCommand, keeper: KeeperClient): Promise<void> {
  const { fleet, clock } = starter;
  const { replica, incarnation, release, zone } = command;
  if (fleet.get(incarnation) !== undefined) return;
  const log = logOf(starter.root, replica);
  const record: ReplicaRecord = {
    replica,
    incarnation,
    release,
    zone,
    port: await starter.ports.take(),
    startedAt: clock.mono(),
    logFrom: logLength(log),
  };
  const launch = await launchOf(starter, record, command.database);
  await launch.prepare?.();
  mkdirSync(dirname(heartbeatOf(starter.runtimeDir, incarnation)), { recursive: true, mode: 0o700 });
  fleet.records.write(record);
  try {
    const { pid } = await keeper.spawn({
      key: keyOf(replica, incarnation),
      argv: launch.argv,
      cwd: launch.cwd,
      env: environmentOf(starter, record, launch),
      log,
      listeners: launch.listeners,
      uid: launch.uid,
      gid: launch.gid,
    });
    fleet.watch({ record, launch, pid });
  } catch (error) {
    fleet.records.remove(incarnation);
    throw error;
  }
}

/** The recipe of a replica; asked again when a running one is adopted. `port` is always said. */
export async function launchOf(starter: Starter, record: ReplicaRecord, database?: DatabaseTerm): Promise<Launch> {
  const { unit, ordinal } = splitReplicaId(record.replica);
  const { role } = starter.releases.unit(record.release, unit);
  const launcher = starter.launchers[role];
  if (launcher === undefined)
    throw platformError('HALE_PLATFORM_NO_LAUNCHER', `'${unit}' is a ${role}, which cannot be started`);
  const context: LaunchContext = {
    spec: starter.releases.spec(record.release),
    release: record.release,
    unit,
    replica: record.replica,
    ordinal,
    incarnation: record.incarnation,
    zone: record.zone,
    port: record.port,
    runtimeDir: starter.runtimeDir,
    root: starter.root,
    database,
  };
  const launch = await launcher(context);
  return 'port' in launch ? launch : { ...launch, port: record.port };
}

function environmentOf(starter: Starter, record: ReplicaRecord, launch: Launch): Record<string, string> {
  const { unit, ordinal } = splitReplicaId(record.replica);
  const merged: Record<string, string | undefined> = {
    ...starter.env,
    ...launch.env,
    ...watchedOf(starter, launch),
    // What belongs to Hale's own processes is not the workload's.
    HALE_LISTENERS: launch.env['HALE_LISTENERS'],
    HALE_COMPILE_CACHE: undefined,
    NODE_COMPILE_CACHE: compileCacheOf(starter, launch),
    HALE_SYSTEM: starter.systemId,
    HALE_SERVICE: unit,
    HALE_REPLICA: record.replica,
    HALE_ORDINAL: String(ordinal),
    HALE_INCARNATION: record.incarnation,
    HALE_ZONE: record.zone,
    HALE_RUNTIME_DIR: starter.runtimeDir,
    HALE_HEARTBEAT: heartbeatOf(starter.runtimeDir, record.incarnation),
  };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Where the user's programs keep compiled code is theirs to say: the folder in which Hale keeps its own is not handed on. */
function compileCacheOf({ env }: Starter, launch: Launch): string | undefined {
  const inherited = env['NODE_COMPILE_CACHE'];
  return launch.env['NODE_COMPILE_CACHE'] ?? (inherited === env['HALE_COMPILE_CACHE'] ? undefined : inherited);
}

/** Hale's own Node programs (gateway workers) are watched by the same preload as a service, which asks for it itself. */
function watchedOf(starter: Starter, launch: Launch): Record<string, string> {
  if (launch.argv[0] !== process.execPath) return {};
  return { NODE_OPTIONS: withPreload(launch.env['NODE_OPTIONS'] ?? starter.env['NODE_OPTIONS'] ?? '') };
}
