// The gateway as declared -> GatewaySpec. Whether a route's service exists is asked here too, because a route is
// nothing but a name; whether that service has a port is asked in checks.ts.
import type { Problem } from '@hale/base';
import { gatewayDefaults } from '../defaults.ts';
import type { GatewaySpec, RouteSpec } from '../spec.ts';
import { errorAt, suggest, warningAt } from './problems.ts';
import { describe } from './readers.ts';
import { gatewayShape, readShape } from './shapes.ts';

export interface GatewayContext {
  /** Declared services and resources, whether or not they could be read. */
  readonly services: readonly string[];
  readonly resources: readonly string[];
}

const path = ['gateway'];

/** Without a declaration there is no public route, but services still reach each other: a free port, no routes. */
export function silentGateway(): GatewaySpec {
  return { ...gatewayDefaults, port: 0, routes: [] };
}

export function readGateway(
  input: unknown,
  context: GatewayContext,
): { readonly spec: GatewaySpec | undefined; readonly problems: readonly Problem[] } {
  if (input === undefined) return { spec: silentGateway(), problems: [] };
  const read = readShape(gatewayShape, input, path);
  const rawRoutes = (input as { routes?: unknown } | null)?.routes;
  const routes = readRoutes(rawRoutes, context);
  const shape = read.value;
  const problems: Problem[] = [...read.problems, ...routes.problems];
  if (shape === undefined) return { spec: undefined, problems };
  const spec: GatewaySpec = {
    port: shape.port ?? gatewayDefaults.port,
    host: shape.host ?? gatewayDefaults.host,
    workers: shape.workers ?? gatewayDefaults.workers,
    routes: routes.routes,
    timeoutMs: shape.timeout ?? gatewayDefaults.timeoutMs,
    tryTimeoutMs: shape.tryTimeout ?? Math.min(gatewayDefaults.tryTimeoutMs, shape.timeout ?? Number.POSITIVE_INFINITY),
    holdMs: shape.hold ?? Math.min(gatewayDefaults.holdMs, shape.timeout ?? Number.POSITIVE_INFINITY),
    bodyBytesMax: shape.bodyMax ?? gatewayDefaults.bodyBytesMax,
  };
  for (const [field, ms] of [
    ['tryTimeout', spec.tryTimeoutMs],
    ['hold', spec.holdMs],
  ] as const) {
    if (ms <= spec.timeoutMs) continue;
    const message = `${field} is longer than the whole time of a request, which ends it first`;
    problems.push(warningAt([...path, field], { message, hint: 'make it shorter, or raise timeout' }));
  }
  return { spec, problems };
}

function readRoutes(
  input: unknown,
  { services, resources }: GatewayContext,
): { readonly routes: readonly RouteSpec[]; readonly problems: readonly Problem[] } {
  const routes: RouteSpec[] = [];
  const problems: Problem[] = [];
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { routes, problems };
  for (const [written, target] of Object.entries(input)) {
    const at = [...path, 'routes', written];
    const complain = (message: string, hint: string) => problems.push(errorAt(at, { message, hint }));
    const prefix = written.length > 1 ? written.replace(/\/+$/, '') || '/' : written;
    if (!prefix.startsWith('/')) complain(`a route starts with '/'`, `write '/${written}'`);
    else if (/[?#\s*]/.test(prefix))
      complain(`'${written}' is not a path prefix`, "write it without '*', '?' and '#': a prefix matches all below it");
    if (routes.some((route) => route.prefix === prefix)) complain(`'${prefix}' is routed twice`, 'keep one of the two');
    if (typeof target !== 'string')
      complain(`expected the name of a service, got ${describe(target)}`, "write '/': 'orders'");
    else if (resources.includes(target))
      complain(`'${target}' is a resource, and only services are routed to`, suggest(target, services, 'service'));
    else if (!services.includes(target))
      complain(`no service is called '${target}'`, suggest(target, services, 'service'));
    else routes.push({ prefix, service: target });
  }
  return { routes, problems };
}
