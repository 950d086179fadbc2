// Where a worker finds what it needs and leaves what others read (decision 0002): table and routes come in, the tally goes out.
// A missing runtime table is made up for by the last good copy beside the system's data.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '@hale/base';
import type { EndpointTable } from '@hale/model';
import type { RoutesFile } from './routes.ts';
import type { GatewayStats } from './stats.ts';
import { watchFile } from './watched-file.ts';
import type { GatewayWorker } from './worker.ts';

export interface WorkerFiles {
  readonly runtimeDir: string;
  /** `.hale/table.json`: read once, when the runtime folder has none. */
  readonly keptTable: string | undefined;
}

export function tableFile(runtimeDir: string): string {
  return join(runtimeDir, 'table.json');
}

export function routesFile(runtimeDir: string): string {
  return join(runtimeDir, 'routes.json');
}

export function statsFile(runtimeDir: string, ordinal: number): string {
  return join(runtimeDir, 'gateway', `${ordinal}.json`);
}

/** Who is told of tables and routes. */
export type Follower = Pick<GatewayWorker, 'followTable' | 'followRoutes'>;

/** Follows table and routes; returns what stops it. */
export function followFiles(worker: Follower, clock: Clock, files: WorkerFiles): () => void {
  const routes = watchFile<RoutesFile>({
    file: routesFile(files.runtimeDir),
    clock,
    parse: parseRoutes,
    onValue: (value) => worker.followRoutes(value),
    onBroken: sayBroken('gateway'),
  });
  const stopTable = followTableFile((value) => worker.followTable(value), clock, { ...files, who: 'gateway' });
  return () => {
    routes.close();
    stopTable();
  };
}

/** Follows the table alone; returns what stops it. `who` speaks when it cannot be read. */
export function followTableFile(
  onTable: (table: EndpointTable) => void,
  clock: Clock,
  { runtimeDir, keptTable, who }: WorkerFiles & { readonly who: string },
): () => void {
  let hasTable = false;
  const table = watchFile<EndpointTable>({
    file: tableFile(runtimeDir),
    clock,
    parse: parseTable,
    onValue: (value) => {
      hasTable = true;
      onTable(value);
    },
    onBroken: sayBroken(who),
  });
  if (!hasTable && keptTable !== undefined) readKept(onTable, keptTable);
  return () => table.close();
}

const sayBroken = (who: string) => (file: string, reason: string) => {
  process.stderr.write(`${who}: ${file} cannot be used (${reason}); the last good one stays in force\n`);
};

function readKept(onTable: (table: EndpointTable) => void, file: string): void {
  try {
    const table = parseTable(JSON.parse(readFileSync(file, 'utf8')));
    if (table !== undefined) onTable(table);
  } catch {
    // No last good copy: a new system. Requests are held until there is a table.
  }
}

/**
 * A function that writes the tally beside and renames it. A full disk or a missing folder must not stop traffic: it is said once,
 * and again only after a write has succeeded between.
 */
export function createStatsWriter<Stats = GatewayStats>(file: string, who = 'gateway'): (stats: Stats) => void {
  // By pid: a worker and its replacement have the same ordinal for a while.
  const beside = `${file}.${process.pid}.tmp`;
  let isBroken = false;
  return (stats) => {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(beside, JSON.stringify(stats), { mode: 0o600 });
      renameSync(beside, file);
      isBroken = false;
    } catch (error) {
      if (!isBroken) process.stderr.write(`${who}: the tally cannot be written (${String(error)}); traffic goes on\n`);
      isBroken = true;
    }
  };
}

function parseTable(value: unknown): EndpointTable | undefined {
  const table = value as Partial<EndpointTable> | null;
  if (table === null || typeof table !== 'object' || table.version !== 1) return undefined;
  if (typeof table.epoch !== 'number' || typeof table.seq !== 'number' || !Array.isArray(table.endpoints))
    return undefined;
  return table as EndpointTable;
}

function parseRoutes(value: unknown): RoutesFile | undefined {
  const routes = value as Partial<RoutesFile> | null;
  if (routes === null || typeof routes !== 'object' || routes.v !== 1 || !Array.isArray(routes.routes))
    return undefined;
  return routes as RoutesFile;
}
