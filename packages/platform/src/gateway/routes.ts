// The signpost: which path belongs to which service, and how long one may wait. Written by the launcher from the declaration, read
// by the workers; a file, so that a worker needs nobody alive to know its way.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { GatewaySpec, RouteSpec, SystemSpec, UnitName } from '@hale/model';

export interface RoutesFile {
  readonly v: 1;
  readonly routes: readonly RouteSpec[];
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly holdMs: number;
  readonly bodyBytesMax: number;
  /** Absolute paths of the files behind the listener 'tls'. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Services that enforce Idempotency-Key: a request with one may be sent to them again. */
  readonly keyed?: readonly UnitName[];
}

/** What the workers need of the declaration. A system without a gateway still has the internal listeners. */
export function routesOf(spec: SystemSpec): RoutesFile {
  const gateway: Pick<GatewaySpec, 'routes' | 'timeoutMs' | 'tryTimeoutMs' | 'holdMs' | 'bodyBytesMax'> =
    spec.gateway ?? {
      routes: [],
      timeoutMs: 30_000,
      tryTimeoutMs: 10_000,
      holdMs: 10_000,
      bodyBytesMax: 1_000_000,
    };
  const { routes, timeoutMs, tryTimeoutMs, holdMs, bodyBytesMax } = gateway;
  const keyed = Object.values(spec.services).flatMap((service) => (service.idempotencyKeys ? [service.name] : []));
  return { v: 1, routes, timeoutMs, tryTimeoutMs, holdMs, bodyBytesMax, keyed, tls: spec.gateway?.tls };
}

/** Writes `routes.json` beside and renames it, so that a reader sees the old or the new and never half. */
export function writeRoutes(file: string, routes: RoutesFile): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${process.pid}.tmp`;
  writeFileSync(beside, JSON.stringify(routes), { mode: 0o600 });
  renameSync(beside, file);
}

/** Finds the service of a path: the longest prefix that ends where a segment ends. '/orders' matches '/orders/7', not '/ordersx'. */
export function createRouter(routes: readonly RouteSpec[]): (url: string) => string | undefined {
  const byLength = [...routes].sort((a, b) => b.prefix.length - a.prefix.length);
  return (url) => byLength.find((route) => matches(url, route.prefix))?.service;
}

function matches(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false;
  if (prefix.endsWith('/') || url.length === prefix.length) return true;
  const next = url.charCodeAt(prefix.length);
  return next === 0x2f /* / */ || next === 0x3f /* ? */ || next === 0x23; /* # */
}
