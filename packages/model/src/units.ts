// From the drawing to the parts list: what the brain is told to keep running, in start order. A service, a database node
// and the gateway's workers come out as the same kind of thing (decision 0001). Decides nothing about when to start.
import { canonicalJson, hashText } from '@hale/base';
import {
  acknowledgersDefault,
  aliveProbes,
  backupDefaults,
  backupGrace,
  backupHang,
  defaultProbe,
  gatewayGrace,
  hangDefault,
  postgresGrace,
  probeDefaults,
  relayGrace,
} from './defaults.ts';
import { type Graph, startOrder } from './graph.ts';
import { backupUnit, gatewayUnit, relayUnit, type UnitName } from './names.ts';
import type { BackupSpec, GatewaySpec, PostgresSpec, ServiceSpec, SystemSpec } from './spec.ts';
import type { UnitSpec } from './unit.ts';

/**
 * All units, each after what it uses. The gateway comes last in the list but waits for nobody: it holds requests while the
 * services behind it start.
 */
export function unitsOf(spec: SystemSpec): readonly UnitSpec[] {
  const units: UnitSpec[] = [];
  for (const name of startOrder(graphOf(spec))) {
    const service = spec.services[name];
    const resource = spec.resources[name];
    if (service !== undefined) units.push(serviceUnit(service));
    else if (resource !== undefined) units.push(postgresUnit(resource, spec));
  }
  if (clustersOf(spec).length > 0) units.push(relayUnitOf(spec));
  if (backedUpOf(spec).length > 0) units.push(backupUnitOf(spec));
  if (spec.gateway !== undefined) units.push(gatewayUnitOf(spec, spec.gateway));
  return units;
}

/** The arrows of `uses`, resources first. */
export function graphOf(spec: Pick<SystemSpec, 'services' | 'resources'>): Graph {
  const graph: Record<UnitName, readonly UnitName[]> = {};
  for (const name of Object.keys(spec.resources)) graph[name] = [];
  for (const service of Object.values(spec.services)) graph[service.name] = service.uses;
  return graph;
}

/** Whether the service is given a PORT: a worker that is only asked to be alive is not. */
export function hasPort(service: ServiceSpec): boolean {
  return service.probes.startup.check.kind !== 'alive';
}

/** The databases that are reached through a relay, in declared order. */
export function clustersOf(spec: Pick<SystemSpec, 'resources'>): readonly PostgresSpec[] {
  return Object.values(spec.resources).filter(isCluster);
}

export function isCluster(resource: PostgresSpec): boolean {
  return (resource.standbys ?? 0) > 0;
}

/** The databases that are backed up, in declared order, with what is said of it. */
export function backedUpOf(
  spec: Pick<SystemSpec, 'resources' | 'backups'>,
): readonly { readonly resource: PostgresSpec; readonly backup: BackupSpec }[] {
  return Object.values(spec.resources).flatMap((resource) => {
    const backup = backupOf(spec, resource.name);
    return backup === undefined ? [] : [{ resource, backup }];
  });
}

/** How many nodes a database has: itself, its standbys, and one in each other region. */
export function nodesOf(resource: PostgresSpec, regions: readonly string[] = []): number {
  return 1 + (resource.standbys ?? 0) + (isCluster(resource) ? Math.max(0, regions.length - 1) : 0);
}

/** What is said of the backups of one database, every default filled in. */
export function backupOf(spec: Pick<SystemSpec, 'backups'>, database: UnitName): BackupSpec | undefined {
  const backup = spec.backups?.[database];
  return backup && { ...backupDefaults, ...backup };
}

/** Names of the services that the gateway listens for (`svc:<service>`), in declared order. */
export function routedServices(spec: SystemSpec): readonly UnitName[] {
  return Object.values(spec.services)
    .filter(hasPort)
    .map((service) => service.name);
}

function serviceUnit(service: ServiceSpec): UnitSpec {
  const { program, cwd, env, envFile, port, zones, uses } = service;
  return {
    name: service.name,
    role: 'service',
    replicas: service.replicas,
    uses,
    zones,
    surge: port === undefined,
    routed: hasPort(service),
    probes: service.probes,
    hang: service.hang,
    grace: service.grace,
    memoryBytesMax: service.limits.memoryBytes,
    fingerprint: fingerprintOf({ program, cwd, env, envFile, port, zones, uses, listens: hasPort(service) }),
  };
}

function postgresUnit(resource: PostgresSpec, { zones, backups, regions = [] }: SystemSpec): UnitSpec {
  const { standbys = 0 } = resource;
  const synchronous = backups?.[resource.name]?.synchronous === true;
  const cluster = isCluster(resource) ? { acknowledgers: acknowledgersDefault } : undefined;
  const [home, ...distant] = regions;
  const available = resource.durability === 'available' ? { mayGoAlone: true as const } : {};
  return {
    name: resource.name,
    role: 'postgres',
    replicas: nodesOf(resource, regions),
    uses: [],
    zones: cluster === undefined ? zones.slice(0, 1) : zones,
    surge: false,
    routed: false,
    probes: {
      startup: defaultProbe(
        { kind: 'tcp' },
        {
          withinMs:
            resource.url === undefined ? probeDefaults.postgresStartupWithinMs : probeDefaults.elsewhereWithinMs,
        },
      ),
      ready: defaultProbe({ kind: 'tcp' }),
      live: undefined,
    },
    hang: hangDefault,
    grace: postgresGrace,
    memoryBytesMax: undefined,
    fingerprint: fingerprintOf({
      kind: resource.kind,
      database: resource.database,
      ...(resource.url !== undefined && { url: resource.url }),
      ...(resource.bin !== undefined && { bin: resource.bin }),
      // A cluster's declared port is the relay's.
      ...(cluster === undefined ? { port: resource.port } : { standbys, ...cluster }),
      ...(synchronous && { synchronous }),
    }),
    // Not in the fingerprint: no node is started anew for it.
    ...(cluster && {
      cluster: {
        ...cluster,
        ...available,
        ...(home !== undefined && distant.length > 0 && { regions: { home, distant } }),
      },
    }),
  };
}

/** Two that share the sockets: while one is replaced, or hangs, the other accepts. */
function relayUnitOf(spec: SystemSpec): UnitSpec {
  const databases = clustersOf(spec).map(({ name, port }) => ({ name, port }));
  return {
    name: relayUnit,
    role: 'relay',
    replicas: 2,
    uses: [],
    zones: spec.zones,
    surge: true,
    routed: false,
    probes: aliveProbes,
    hang: hangDefault,
    grace: relayGrace,
    memoryBytesMax: undefined,
    fingerprint: fingerprintOf({ databases }),
  };
}

/** One process for all: two would receive one log twice, and two copies at once are heavy. */
function backupUnitOf(spec: SystemSpec): UnitSpec {
  const backedUp = backedUpOf(spec);
  return {
    name: backupUnit,
    role: 'backup',
    replicas: 1,
    uses: backedUp.map(({ resource }) => resource.name),
    zones: spec.zones.slice(0, 1),
    surge: false,
    routed: false,
    probes: aliveProbes,
    hang: backupHang,
    grace: backupGrace,
    memoryBytesMax: undefined,
    fingerprint: fingerprintOf({ system: spec.name, backedUp }),
  };
}

function gatewayUnitOf(spec: SystemSpec, gateway: GatewaySpec): UnitSpec {
  // Routes and times are followed while running (routes.json); only the sockets are handed over at the start.
  const listeners = { host: gateway.host, port: gateway.port, services: routedServices(spec).toSorted() };
  // A drawing that an older version kept has no program: it was always the embedded one.
  const isEmbedded = gateway.program === undefined || gateway.program.kind === 'embedded';
  const chosen = {
    ...(isEmbedded ? {} : { program: gateway.program }),
    ...(gateway.tls && { tlsPort: gateway.tls.port }),
  };
  return {
    name: gatewayUnit,
    role: 'gateway',
    // A real balancer has workers of its own: one pilot drives it, and it serves on while its pilot is replaced.
    replicas: isEmbedded ? gateway.workers : 1,
    uses: [],
    zones: spec.zones,
    surge: isEmbedded,
    routed: false,
    probes: aliveProbes,
    hang: hangDefault,
    grace: gatewayGrace,
    memoryBytesMax: undefined,
    fingerprint: fingerprintOf({ ...listeners, ...chosen }),
  };
}

function fingerprintOf(parts: Readonly<Record<string, unknown>>): string {
  return hashText(canonicalJson(parts));
}
