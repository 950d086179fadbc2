// The customs office between what people write and what Hale builds from: takes any value at all, gives a SystemSpec
// with every default filled in, or every problem at once, each with its path and a better line to write. Reads no file and
// resolves no secret; that a file exists is asked by whoever may look (the cli's config loader).
import type { Parsed, Problem } from '@hale/base';
import { postgresDefaults, standbysDefault, zonesDefault } from './defaults.ts';
import { readBackup, readStore, type Stores } from './parse/backups.ts';
import { checkDrawing, plainName } from './parse/checks.ts';
import { readElsewhere } from './parse/elsewhere.ts';
import { readGateway } from './parse/gateway.ts';
import { resolvePath } from './parse/paths.ts';
import { errorAt, type Path, warningAt } from './parse/problems.ts';
import { describe } from './parse/readers.ts';
import { readService } from './parse/service.ts';
import { postgresShape, readShape, systemShape } from './parse/shapes.ts';
import type { BackupSpec, PostgresSpec, ServiceSpec, SystemSpec } from './spec.ts';
import { hasPort, isCluster } from './units.ts';

export interface ParseOptions {
  /** Absolute folder of the declaration. */
  readonly root: string;
  /** The system's UUID, kept in .hale/system.json. */
  readonly id: string;
}

type Entries = Readonly<Record<string, unknown>>;

/** Parses what `defineSystem` gave. `value` is there exactly when no problem is an error; warnings may still stand beside it. */
export function parseSystem(declaration: unknown, { root, id }: ParseOptions): Parsed<SystemSpec> {
  if (!isRecord(declaration)) {
    const message = `expected a system, got ${describe(declaration)}`;
    const hint = "write export default defineSystem({ name: 'shop', services: { ... } })";
    return { value: undefined, problems: [errorAt([], { message, hint })] };
  }
  const problems: Problem[] = [...readShape(systemShape, declaration, []).problems];
  const serviceEntries = recordOf(declaration['services']);
  const resourceEntries = recordOf(declaration['resources']);
  const name = readName(declaration['name'], problems);
  const zones = readZones(declaration['zones'], problems);
  const regions = readRegions(declaration['regions'], zones, problems);
  const stores = readStores(resourceEntries, problems);
  const { resources, backups } = readResources(resourceEntries, { stores, root, regions: regions.length }, problems);
  const services: ServiceSpec[] = [];
  for (const [service, input] of Object.entries(serviceEntries)) {
    const read = readService(input, { name: service, root, zones });
    problems.push(...read.problems);
    if (read.spec !== undefined) services.push(read.spec);
  }
  if (Object.keys(serviceEntries).length === 0 && isAbsentOrRecord(declaration['services']))
    problems.push(noServices());
  const serviceNames = Object.keys(serviceEntries);
  // A store is nothing that a service could be told the address of.
  const resourceNames = Object.keys(resourceEntries).filter((resource) => !stores.has(resource));
  const gateway = readGateway(declaration['gateway'], { services: serviceNames, resources: resourceNames, root });
  problems.push(...gateway.problems);
  if (regions.length > 1) problems.push(...doubtRegions(resources));
  problems.push(
    ...checkDrawing({
      serviceNames,
      resourceNames,
      uses: listsOf(serviceEntries, 'uses'),
      zonesOfServices: listsOf(serviceEntries, 'zones'),
      zones,
      services,
      resources,
      gateway: gateway.spec,
    }),
  );
  if (problems.some((problem) => problem.severity === 'error')) return { value: undefined, problems };
  const listens = declaration['gateway'] !== undefined || services.some(hasPort);
  const value: SystemSpec = {
    name,
    id,
    root,
    zones,
    ...(regions.length > 1 && { regions }),
    services: Object.fromEntries(services.map((service) => [service.name, { ...service, uses: unique(service.uses) }])),
    resources: Object.fromEntries(resources.map((resource) => [resource.name, resource])),
    gateway: listens ? gateway.spec : undefined,
    ...(Object.keys(backups).length > 0 && { backups }),
  };
  return { value, problems };
}

function noServices(): Problem {
  const hint = "add services: { web: service({ run: 'main.ts' }) }, or run `hale init`";
  return errorAt(['services'], { message: 'no services', hint });
}

function readName(input: unknown, problems: Problem[]): string {
  if (input === undefined) problems.push(errorAt(['name'], { message: 'no name', hint: "add name: 'shop'" }));
  if (typeof input !== 'string' || input.trim() === '') return '';
  if (!/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(input)) {
    const message = `'${input}' cannot be a name: lower-case letters, digits and dashes, at most 40`;
    problems.push(errorAt(['name'], { message, hint: `write '${plainName(input)}'` }));
  }
  return input;
}

function readZones(input: unknown, problems: Problem[]): readonly string[] {
  if (!Array.isArray(input)) return zonesDefault;
  if (input.length === 0) {
    problems.push(
      errorAt(['zones'], { message: 'an empty list of zones', hint: "write zones: ['a'], or leave it out" }),
    );
    return zonesDefault;
  }
  const zones: string[] = [];
  for (const [index, zone] of input.entries()) {
    const at: Path = ['zones', index];
    if (typeof zone !== 'string' || !/^[a-z0-9][a-z0-9-]{0,39}$/.test(zone)) {
      const message = `expected a zone's name (lower-case letters, digits, dashes), got ${describe(zone)}`;
      problems.push(errorAt(at, { message, hint: "write zones: ['a', 'b']" }));
    } else if (zones.includes(zone)) {
      problems.push(warningAt(at, { message: `zone '${zone}' stands here twice`, hint: 'remove one' }));
    } else zones.push(zone);
  }
  return zones.length === 0 ? zonesDefault : zones;
}

/** Names as zones have them; two that are the same would be one place. */
function readRegions(input: unknown, zones: readonly string[], problems: Problem[]): readonly string[] {
  if (!Array.isArray(input)) return [];
  const regions: string[] = [];
  for (const [index, region] of input.entries()) {
    const at: Path = ['regions', index];
    if (typeof region !== 'string' || !/^[a-z0-9][a-z0-9-]{0,39}$/.test(region)) {
      const message = `expected a region's name (lower-case letters, digits, dashes), got ${describe(region)}`;
      problems.push(errorAt(at, { message, hint: "write regions: ['eu', 'us']" }));
    } else if (regions.includes(region) || zones.includes(region)) {
      const message = `'${region}' is the name of another region or zone`;
      problems.push(errorAt(at, { message, hint: 'give each place a name of its own' }));
    } else regions.push(region);
  }
  return regions;
}

/** A database that is alone has nobody to copy it elsewhere. */
function doubtRegions(resources: readonly PostgresSpec[]): readonly Problem[] {
  return resources
    .filter((resource) => !isCluster(resource))
    .map(({ name }) => {
      const message = 'one node, in one region: it is lost with its region';
      return warningAt(['resources', name], { message, hint: 'write standbys: 2, and a copy is kept in each region' });
    });
}

function readStores(entries: Entries, problems: Problem[]): Stores {
  const stores = new Map<string, string>();
  for (const [name, input] of Object.entries(entries)) {
    if (!isRecord(input) || input['kind'] !== 'object-store') continue;
    const read = readStore(input, ['resources', name]);
    problems.push(...read.problems);
    stores.set(name, read.url);
  }
  return stores;
}

function readResources(
  entries: Entries,
  { stores, root, regions }: { readonly stores: Stores; readonly root: string; readonly regions: number },
  problems: Problem[],
): { readonly resources: readonly PostgresSpec[]; readonly backups: Readonly<Record<string, BackupSpec>> } {
  const resources: PostgresSpec[] = [];
  const backups: Record<string, BackupSpec> = {};
  for (const [name, input] of Object.entries(entries)) {
    const path = ['resources', name];
    if (stores.has(name)) continue;
    if (!isRecord(input) || input['kind'] !== 'postgres') {
      const message = `expected a resource, got ${describe(input)}`;
      problems.push(
        errorAt(path, { message, hint: 'write postgres() or objectStore(): the resources of this version' }),
      );
      continue;
    }
    const read = readShape(postgresShape, input, path);
    problems.push(...read.problems);
    if (read.value === undefined) continue;
    const database = read.value.database ?? postgresDefaults.database;
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(database)) {
      const message = `'${database}' cannot be the name of a database: lower-case letters, digits and _`;
      const plain = plainName(database).replaceAll('-', '_');
      problems.push(errorAt([...path, 'database'], { message, hint: `write '${plain}'` }));
    }
    const standbys = read.value.standbys ?? (read.value.durability === undefined ? 0 : standbysDefault);
    if (read.value.url === undefined) problems.push(...doubtStandbys(path, standbys, read.value.durability));
    const { port, bin } = read.value;
    const { url, ...elsewhere } = readElsewhere(read.value, path);
    problems.push(...elsewhere.problems);
    const available = read.value.durability === 'available' ? { durability: 'available' as const } : {};
    const own = { ...(bin !== undefined && { bin: resolvePath(root, bin) }), ...(url !== undefined && { url }) };
    resources.push({ kind: 'postgres', name, database, port, ...own, ...(standbys > 0 && { standbys }), ...available });
    if (read.value.backup === undefined) continue;
    const backup = readBackup(read.value.backup, [...path, 'backup'], {
      stores,
      standbys,
      regions,
      durability: read.value.durability,
    });
    problems.push(...backup.problems);
    if (backup.spec !== undefined) backups[name] = backup.spec;
  }
  return { resources, backups };
}

/** What could not keep its promise. */
function doubtStandbys(path: Path, standbys: number, durability: string | undefined): readonly Problem[] {
  const at = [...path, 'standbys'];
  if (standbys === 0 && durability !== undefined) {
    const message = `${durability} needs standbys, and there are none: with one node, what its disk loses is lost`;
    return [errorAt(at, { message, hint: 'write standbys: 2, or leave durability out' })];
  }
  if (standbys !== 1 || durability === 'available') return [];
  const message = 'one standby: whenever either node is lost, writes wait until it is back';
  return [warningAt(at, { message, hint: 'write standbys: 2' })];
}

function listsOf(entries: Entries, field: string): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, input]) => {
      const list = isRecord(input) ? input[field] : undefined;
      return Array.isArray(list) ? [[name, list]] : field === 'uses' ? [[name, []]] : [];
    }),
  );
}

function isRecord(input: unknown): input is Entries {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function isAbsentOrRecord(input: unknown): boolean {
  return input === undefined || isRecord(input);
}

function recordOf(input: unknown): Entries {
  return isRecord(input) ? input : {};
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
