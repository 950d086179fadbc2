// The pocket copy of the street map: where the replicas of one service answer, read from the endpoint table's file.
// It looks at the file at most four times a second and only when asked, so it needs no timer and no closing.
// A missing or torn file keeps the last good copy; without any, the one address of HALE_URL_<SERVICE> serves.
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '@hale/base';
import type { Endpoint, EndpointTable } from '@hale/model';
import { type Environment, urlVariable } from './surroundings.ts';

/** A place to send a call to. */
export interface Target {
  readonly key: string;
  readonly origin: string;
  readonly zone: string | undefined;
  readonly weight: number;
}

export interface EndpointBook {
  /** Replicas to try, best state first: those in rotation, else the suspected, else the front address; empty if nothing is known. */
  targets(): readonly Target[];
}

export interface EndpointSource {
  readonly service: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly tableFile: string | undefined;
}

const lookEveryMs = 250;

export function createEndpointBook(source: EndpointSource): EndpointBook {
  const front = source.env[urlVariable(source.service)];
  const fallback: readonly Target[] =
    front === undefined ? [] : [{ key: 'front', origin: front.replace(/\/+$/, ''), zone: undefined, weight: 100 }];
  let table: EndpointTable | undefined;
  let targets = fallback;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let stamp = '';

  const look = (file: string) => {
    lookedAt = source.clock.mono();
    const found = stampOf(file);
    if (found === undefined || found === stamp) return;
    const read = readTable(file);
    if (read === undefined) return;
    stamp = found;
    if (table !== undefined && !isNewer(read, table)) return;
    table = read;
    const chosen = chooseTargets(read, source.service);
    targets = chosen.length > 0 ? chosen : fallback;
  };
  return {
    targets() {
      if (source.tableFile !== undefined && source.clock.mono() - lookedAt >= lookEveryMs) look(source.tableFile);
      return targets;
    },
  };
}

/** Endpoints of `service` that may be called: 'in', or the suspected when none is. */
export function chooseTargets(table: EndpointTable, service: string): readonly Target[] {
  const own = table.endpoints.filter((endpoint) => endpoint.service === service);
  const inRotation = own.filter((endpoint) => endpoint.state === 'in');
  const chosen = inRotation.length > 0 ? inRotation : own.filter((endpoint) => endpoint.state === 'suspect');
  return chosen.map(toTarget);
}

function toTarget(endpoint: Endpoint): Target {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return {
    key: endpoint.incarnation,
    origin: `http://${host}:${endpoint.port}`,
    zone: endpoint.zone,
    weight: endpoint.weight,
  };
}

// Written out here: importing the model for it would load its parser into every service.
function isNewer(a: EndpointTable, b: EndpointTable): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}

function readTable(file: string): EndpointTable | undefined {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as EndpointTable;
    return read.version === 1 && Array.isArray(read.endpoints) ? read : undefined;
  } catch {
    return undefined;
  }
}
