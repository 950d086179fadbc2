// Names of things, branded so that a service cannot be passed where a replica is meant.
import type { Brand } from '@hale/base';

/** A unit's name: a service ('orders'), a resource ('db') or the gateway ('gateway'). Lower-case letters, digits and dashes. */
export type UnitName = string;
/** `unit/ordinal`, e.g. 'orders/0'. It survives restarts. */
export type ReplicaId = Brand<'ReplicaId'>;
/** One life of a replica: a ULID. A restart makes a new one. */
export type Incarnation = Brand<'Incarnation'>;
export type IncidentId = Brand<'IncidentId'>;
export type CommandId = Brand<'CommandId'>;

/** 'orders', 0 -> 'orders/0'. */
export function replicaId(unit: UnitName, ordinal: number): ReplicaId {
  return `${unit}/${ordinal}` as ReplicaId;
}

/** 'orders/0' -> { unit: 'orders', ordinal: 0 }. */
export function splitReplicaId(id: ReplicaId): { unit: UnitName; ordinal: number } {
  const slash = id.lastIndexOf('/');
  return { unit: id.slice(0, slash), ordinal: Number(id.slice(slash + 1)) };
}

/** The reserved unit that holds the gateway's workers. */
export const gatewayUnit: UnitName = 'gateway';
/** The reserved unit that leads connections to the primaries of database clusters. */
export const relayUnit: UnitName = 'relay';
/** The reserved unit that takes backups and proves them. */
export const backupUnit: UnitName = 'backup';
