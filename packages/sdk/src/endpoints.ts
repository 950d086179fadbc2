// The pocket copy of the street map: where the replicas of one service answer, read from the endpoint table's file.
// It looks at the file at most four times a second and only when asked, so it needs no timer and no closing.
// A missing or torn file keeps the last good copy; nobody in it, or no file at all: the front address HALE_URL_<SERVICE> serves.
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '@hale/base';
import type { Endpoint, EndpointTable } from '@hale/model';
import { type Environment, urlVariable } from './surroundings.ts';

export interface EndpointBook {
  /** The gateway's address for the service, which holds calls while no replica is up. */
  readonly front: string | undefined;
  /** The service's endpoints in any state; the same array as long as nothing changed. */
  look(): readonly Endpoint[];
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
  let endpoints: readonly Endpoint[] = [];
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
    endpoints = read.endpoints.filter((endpoint) => endpoint.service === service);
  };
  return {
    front: source.env[urlVariable(service)]?.replace(/\/+$/, ''),
    look() {
      if (tableFile !== undefined && clock.mono() - lookedAt >= lookEveryMs) refresh(tableFile);
      return endpoints;
    },
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
