// The pocket copy of the street map: where the replicas of one service answer, read from the endpoint table's file.
// It looks at the file at most four times a second and only when asked, so it needs no timer and no closing.
// A missing or torn file keeps the last good copy; nobody in it, or no file at all: the front address HALE_URL_<SERVICE> serves.
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '@hale/base';
import type { Endpoint, EndpointTable } from '@hale/model';
import type { Member } from '@hale/resilience';
import { sdkError } from './errors.ts';
import { type Environment, urlVariable } from './surroundings.ts';

/** Where one replica answers. */
export interface Place extends Member {
  readonly origin: string;
}

export interface EndpointBook {
  /** The gateway's address for the service, which holds calls while no replica is up. */
  readonly front: string | undefined;
  /** The service's endpoints in any state; the same array as long as nothing changed. */
  look(): readonly Place[];
}

export interface EndpointSource {
  readonly service: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly tableFile: string | undefined;
}

const lookEveryMs = 250;

export function createEndpointBook(source: EndpointSource): EndpointBook {
  const { service, clock, tableFile } = source;
  let table: EndpointTable | undefined;
  let places: readonly Place[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  let stamp = '';

  const refresh = (file: string) => {
    lookedAt = clock.mono();
    const found = stampOf(file);
    if (found === undefined || found === stamp) return;
    const read = readTable(file);
    if (read === undefined) return;
    stamp = found;
    if (table !== undefined && !isNewer(read, table)) return;
    table = read;
    places = read.endpoints.filter((endpoint) => endpoint.service === service).map(toPlace);
  };
  return {
    front: source.env[urlVariable(service)]?.replace(/\/+$/, ''),
    look() {
      if (tableFile !== undefined && clock.mono() - lookedAt >= lookEveryMs) refresh(tableFile);
      return places;
    },
  };
}

/**
 * A book that never changes: replicas at `origins`, such as 'http://10.0.0.1:80'. All are in one zone and weigh the same.
 * Throws HALE_SDK_CLIENT_INVALID.
 */
export function staticBook(service: string, origins: readonly string[]): EndpointBook {
  if (origins.length === 0)
    throw sdkError('HALE_SDK_CLIENT_INVALID', `the client of ${service} has an empty list of endpoints`);
  if (origins.length > staticMax)
    throw sdkError('HALE_SDK_CLIENT_INVALID', `the client of ${service} has more than ${staticMax} endpoints`);
  const places = [...new Set(origins.map((text) => originOf(service, text)))].map(
    (origin): Place => ({ id: origin, zone: '', weight: 100, state: 'in', origin }),
  );
  return { front: undefined, look: () => places };
}

const staticMax = 1_000;

function originOf(service: string, text: string): string {
  const url = URL.parse(text);
  const isWhole = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (isWhole && url.pathname === '/' && url.search === '' && url.username === '') return url.origin;
  throw sdkError(
    'HALE_SDK_CLIENT_INVALID',
    `'${text.slice(0, 100)}' in the endpoints of ${service} is not like http://host:port`,
  );
}

function toPlace(endpoint: Endpoint): Place {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return {
    id: endpoint.incarnation,
    zone: endpoint.zone,
    weight: endpoint.weight,
    state: endpoint.state,
    origin: `http://${host}:${endpoint.port}`,
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
