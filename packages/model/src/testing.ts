// Lego bricks for tests of every room: each builder gives a whole, valid thing; say only what the test is about.
// Pure; never used outside tests and drills.
import { aliveProbes, gatewayDefaults, graceDefault, hangDefault, postgresDefaults, tcpProbes } from './defaults.ts';
import type { Endpoint } from './endpoint-table.ts';
import type { Incarnation } from './names.ts';
import { replicaId, type UnitName } from './names.ts';
import type { Observation, ProbeObservation, ReplicaObservation } from './observation.ts';
import type { GatewaySpec, PostgresSpec, ServiceSpec, SystemSpec } from './spec.ts';
import type { UnitSpec } from './unit.ts';

export const testRoot = '/srv/shop';
export const testSystemId = '7d8c0f3e-2a51-4a57-9d3b-0c4f5e6a7b81';

/** `orders`: one replica of `orders.ts`, a port, no uses. */
export function buildService(over: Partial<ServiceSpec> = {}): ServiceSpec {
  const name = over.name ?? 'orders';
  return {
    name,
    program: { kind: 'module', file: `${testRoot}/${name}.ts` },
    cwd: testRoot,
    env: {},
    envFile: undefined,
    port: undefined,
    replicas: 1,
    zones: ['a'],
    uses: [],
    probes: tcpProbes,
    hang: hangDefault,
    limits: { memoryBytes: undefined },
    grace: graceDefault,
    slo: { availability: undefined, p99Ms: undefined },
    idempotencyKeys: false,
    api: undefined,
    ...over,
  };
}

/** A service without a port. */
export function buildWorker(over: Partial<ServiceSpec> = {}): ServiceSpec {
  return buildService({ name: 'mailer', probes: aliveProbes, ...over });
}

export function buildPostgres(over: Partial<PostgresSpec> = {}): PostgresSpec {
  return { kind: 'postgres', name: 'db', database: postgresDefaults.database, port: undefined, ...over };
}

/** On a free port, two workers, no routes. */
export function buildGateway(over: Partial<GatewaySpec> = {}): GatewaySpec {
  return { ...gatewayDefaults, port: 0, routes: [], ...over };
}

export interface SystemParts extends Partial<Omit<SystemSpec, 'services' | 'resources'>> {
  readonly services?: readonly ServiceSpec[];
  readonly resources?: readonly PostgresSpec[];
}

/** One service `orders` behind a gateway that routes '/' to the first service; services and resources are given as lists. */
export function buildSystem(over: SystemParts = {}): SystemSpec {
  const services = over.services ?? [buildService()];
  const first = services[0];
  const gateway = buildGateway({ routes: first === undefined ? [] : [{ prefix: '/', service: first.name }] });
  return {
    name: 'shop',
    id: testSystemId,
    root: testRoot,
    zones: ['a'],
    gateway,
    ...over,
    services: Object.fromEntries(services.map((service) => [service.name, service])),
    resources: Object.fromEntries((over.resources ?? []).map((resource) => [resource.name, resource])),
  };
}

/** The unit of one replica of the service `orders`. */
export function buildUnit(over: Partial<UnitSpec> = {}): UnitSpec {
  return {
    name: 'orders',
    role: 'service',
    replicas: 1,
    uses: [],
    zones: ['a'],
    surge: true,
    routed: true,
    probes: tcpProbes,
    hang: hangDefault,
    grace: graceDefault,
    memoryBytesMax: undefined,
    fingerprint: 'v1',
    ...over,
  };
}

export const passing: ProbeObservation = { verdict: 'pass', reason: undefined, failures: 0 };
export const unprobed: ProbeObservation = { verdict: 'unknown', reason: undefined, failures: 0 };

export function failing(reason = 'connection refused', failures = 3): ProbeObservation {
  return { verdict: 'fail', reason, failures };
}

export interface ReplicaParts extends Partial<ReplicaObservation> {
  readonly unit?: UnitName;
  readonly ordinal?: number;
}

/** `orders/0`: running, beating, started, ready; say `unit` and `ordinal` (or `replica`) for another. */
export function buildReplicaObservation(over: ReplicaParts = {}): ReplicaObservation {
  const { unit = 'orders', ordinal = 0, ...rest } = over;
  return {
    replica: replicaId(unit, ordinal),
    incarnation: testIncarnation(ordinal + 1),
    release: 1,
    pid: 1000 + ordinal,
    address: '127.0.0.1',
    port: 40_000 + ordinal,
    process: { kind: 'running' },
    startedAt: 0,
    heartbeat: { kind: 'beating', stalledMs: 0, longestPauseMs: 5, loopLagMs: 1, inspected: false },
    startup: passing,
    ready: passing,
    live: unprobed,
    traffic: undefined,
    usage: { cpuRatio: 0.05, rssBytes: 60_000_000, openFiles: 20, mainThreadStuckMs: 0 },
    lastWords: undefined,
    stack: undefined,
    ...rest,
  };
}

/** A full observation of `replicas` on a host with plenty of disk. */
export function buildObservation(
  replicas: readonly ReplicaObservation[] = [buildReplicaObservation()],
  over: Partial<Observation> = {},
): Observation {
  return {
    full: true,
    replicas,
    host: { diskFreeBytes: 50e9, diskTotalBytes: 100e9, cpuRatio: 0.1 },
    ...over,
  };
}

/** `orders/0` in rotation. */
export function buildEndpoint(over: Partial<Endpoint> & { readonly ordinal?: number } = {}): Endpoint {
  const { ordinal = 0, ...rest } = over;
  const service = rest.service ?? 'orders';
  return {
    service,
    replica: replicaId(service, ordinal),
    incarnation: testIncarnation(ordinal + 1),
    address: '127.0.0.1',
    port: 40_000 + ordinal,
    zone: 'a',
    region: 'local',
    weight: 100,
    state: 'in',
    release: 1,
    ...rest,
  };
}

/** The n-th incarnation: shaped like a ULID, sorts by n. */
export function testIncarnation(n: number): Incarnation {
  return `01TEST${String(n).padStart(20, '0')}` as Incarnation;
}
