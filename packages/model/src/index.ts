// The drawings: what a system is, what may be seen of it, what may be ordered. Pure data and pure functions. Reading a
// declaration is behind a door of its own (`@hale/model/parse`), because its library of schemas is heavy and only whoever
// reads one should carry it.
export {
  type ApiError,
  apiPaths,
  type DeclareAnswer,
  type DeclareRequest,
  type FeedQuery,
  type OrderAnswer,
  type OrderRequest,
  parseDeclareRequest,
  parseFeedQuery,
  parseOrderRequest,
} from './api.ts';
export type { Command, CommandBody, CommandHead, DatabaseTerm, Note, NoteKind } from './command.ts';
export {
  type BackupOptions,
  defineSystem,
  type EnvInput,
  type EnvReference,
  env,
  type GatewayDeclaration,
  type GatewayOptions,
  type HaproxyDeclaration,
  haproxy,
  type NginxDeclaration,
  type NginxOptions,
  nginx,
  type ObjectStoreDeclaration,
  type ObjectStoreOptions,
  objectStore,
  type PostgresDeclaration,
  type PostgresOptions,
  type ProbeOptions,
  type ProbesOptions,
  type ProxyOptions,
  postgres,
  type ResourceDeclaration,
  type SecretReference,
  type ServiceDeclaration,
  type ServiceOptions,
  type SystemDeclaration,
  secret,
  service,
  type TlsOptions,
} from './declaration.ts';
export {
  acknowledgersDefault,
  aliveProbes,
  defaultProbe,
  gatewayDefaults,
  graceDefault,
  hangDefault,
  probeEveryMs,
  replicasMax,
  tcpProbes,
} from './defaults.ts';
export { type DegradedNotice, parseDegradedNotices } from './degraded.ts';
export { diffSystems, type SystemDiff, type UnitChange } from './diff.ts';
export {
  type DatabaseEndpoints,
  type DatabaseNode,
  type Endpoint,
  type EndpointTable,
  isNewerTable,
  type RotationState,
} from './endpoint-table.ts';
export { type CommandResult, type EventBody, eventVersion, type HaleEvent, type Order } from './event.ts';
export { dependantsOf, findCycle, type Graph, needsOf, startOrder, stopOrder } from './graph.ts';
export { isSecretName, maskEnv, maskEnvValue, maskUrlPassword, strikeOut } from './masking.ts';
export {
  backupUnit,
  type CommandId,
  gatewayUnit,
  type Incarnation,
  type IncidentId,
  type ReplicaId,
  relayUnit,
  replicaId,
  splitReplicaId,
  type UnitName,
} from './names.ts';
export type {
  BackupObservation,
  DatabaseObservation,
  Heartbeat,
  HostObservation,
  LogObservation,
  Observation,
  ProbeObservation,
  ProbeVerdict,
  ProcessState,
  ProofObservation,
  ReplicaObservation,
  TrafficObservation,
  UsageObservation,
} from './observation.ts';
export { type ApiChange, diffApis } from './openapi/api-diff.ts';
export {
  type HttpMethod,
  httpMethods,
  isOpenApiDocument,
  type JsonSchema,
  type OpenApiDocument,
  type OpenApiOperation,
  type OpenApiParameter,
  type SchemaOrBoolean,
} from './openapi/document.ts';
export { type Measured, type PromiseView, type SeenTraffic, weighPromise } from './promise.ts';
export type {
  BackupSpec,
  EnvValue,
  GatewayProgram,
  GatewaySpec,
  GraceSpec,
  HangSpec,
  IncludeSpec,
  PostgresSpec,
  ProbeCheck,
  ProbeSpec,
  ProbesSpec,
  Program,
  ProxyProgramSpec,
  ResourceSpec,
  RouteSpec,
  ServiceSpec,
  SystemSpec,
  TlsSpec,
} from './spec.ts';
export type { ClusterSpec, UnitRole, UnitSpec } from './unit.ts';
export {
  backedUpOf,
  backupOf,
  clustersOf,
  graphOf,
  hasPort,
  isCluster,
  nodesOf,
  routedServices,
  unitsOf,
} from './units.ts';
export type {
  CauseKind,
  FeedLine,
  IncidentView,
  RemedyView,
  ReplicaPhase,
  ReplicaView,
  SystemView,
  TrafficView,
  UnitView,
} from './view.ts';
