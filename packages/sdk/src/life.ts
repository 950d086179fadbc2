// The life of a service behind its face (service.ts): what it was told, what it counts, and how it ends. One a process, made by
// createService and changed only there.
import type { IncomingMessage } from 'node:http';
import { type Clock, createSystemClock } from '@hale/base';
import { type Client, type ClientOptions, createServiceClient } from './client.ts';
import { createDegradedList, type DegradedList, degradedFile } from './degraded.ts';
import { createDoor } from './door.ts';
import type { GateOptions, Interceptor } from './gate.ts';
import { type CheckList, createCheckList } from './health.ts';
import { type HealthPaths, healthPaths, pathOf } from './health-answer.ts';
import { failHandler } from './listen.ts';
import type { ServiceOptions } from './service.ts';
import { createSql, type Sql, type SqlOptions } from './sql/sql.ts';
import { type Environment, readSurroundings, type Surroundings } from './surroundings.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export type ServiceState = 'starting' | 'serving' | 'draining' | 'stopped';

export interface Life {
  readonly clock: Clock;
  readonly env: Environment;
  readonly around: Surroundings;
  readonly paths: HealthPaths | undefined;
  readonly readyChecks: CheckList;
  readonly liveChecks: CheckList;
  readonly traffic: Traffic;
  readonly gate: GateOptions & { readonly interceptors: Interceptor[] };
  /** Paths that nothing is asked of; with '/' at the end, all below. */
  readonly exempt: string[];
  readonly degraded: DegradedList;
  readonly goodbyes: (() => void | Promise<void>)[];
  /** One for each service of `uses`: as many as the program names. */
  readonly clients: Map<string, Client>;
  /** By name; '' is the only one. */
  readonly databases: Map<string, Sql>;
  state: ServiceState;
  leaving: Promise<boolean> | undefined;
}

export function beginLife(options: ServiceOptions): Life {
  const clock = options.clock ?? createSystemClock();
  const env = options.env ?? process.env;
  const checkTimeoutMs = options.checkTimeoutMs ?? 1_000;
  const around = readSurroundings(env, options.port ?? 3000);
  const paths = healthPaths(options.health ?? true);
  const traffic = createTraffic(clock);
  const exempt = ['/__drill/', ...(paths === undefined ? [] : [paths.ready, paths.live, paths.health])];
  return {
    clock,
    env,
    around,
    paths,
    exempt,
    degraded: createDegradedList(clock, noticeOf(around)),
    gate: {
      clock,
      arrived: traffic.arrived,
      isExempt: (req) => isExempt(req, exempt),
      door: createDoor(clock),
      interceptors: [],
      fail: failHandler,
    },
    readyChecks: createCheckList(clock, checkTimeoutMs),
    liveChecks: createCheckList(clock, checkTimeoutMs),
    traffic,
    goodbyes: [],
    clients: new Map(),
    databases: new Map(),
    state: 'starting',
    leaving: undefined,
  };
}

export async function endLife(life: Life, options: ServiceOptions): Promise<boolean> {
  life.state = 'draining';
  life.traffic.sayGoodbye();
  const clean = await life.traffic.finish({
    lingerMs: options.lingerMs ?? life.around.lingerMs,
    withinMs: options.drainMs ?? 25_000,
  });
  for (const goodbye of life.goodbyes.reverse()) await goodbye();
  for (const client of life.clients.values()) await client.close();
  for (const database of life.databases.values()) await database.close();
  life.degraded.close();
  life.state = 'stopped';
  return clean;
}

function isExempt(req: IncomingMessage, exempt: readonly string[]): boolean {
  const path = pathOf(req.url ?? '/');
  for (const one of exempt) if (path === one || (one.endsWith('/') && path.startsWith(one))) return true;
  return false;
}

function noticeOf({ runtimeDir, incarnation, replica }: Surroundings) {
  if (runtimeDir === undefined || incarnation === undefined) return undefined;
  return degradedFile({ runtimeDir, incarnation, replica: replica ?? '' });
}

/** The client of `called`, made at the first asking. Options given later are taken over by the one there is. */
export function clientOf(
  life: Life,
  want: { readonly caller: string; readonly called: string; readonly options: ClientOptions | undefined },
): Client {
  const { caller, called, options } = want;
  const known = life.clients.get(called);
  if (known !== undefined) {
    if (options !== undefined) known.update(options);
    return known;
  }
  const { env, clock, around, degraded } = life;
  const source = { service: called, caller, env, clock, zone: around.zone, tableFile: around.tableFile, degraded };
  const client = createServiceClient(source, options);
  life.clients.set(called, client);
  return client;
}

/** The database `name`, opened at the first asking. Options given later are not taken over. */
export function databaseOf(life: Life, name: string | undefined, options: SqlOptions | undefined): Sql {
  let database = life.databases.get(name ?? '');
  if (database === undefined) {
    database = createSql(name, { env: life.env, clock: life.clock, ...options });
    life.databases.set(name ?? '', database);
  }
  return database;
}
