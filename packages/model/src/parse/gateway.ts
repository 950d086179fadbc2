// The gateway as declared -> GatewaySpec. Whether a route's service exists is asked here too, because a route is
// nothing but a name; whether that service has a port is asked in checks.ts.
import type { Problem } from '@hale/base';
import { gatewayDefaults } from '../defaults.ts';
import type { GatewaySpec, RouteSpec } from '../spec.ts';
import { readGatewayProgram, readTls } from './gateway-program.ts';
import { errorAt, suggest, warningAt } from './problems.ts';
import { describe } from './readers.ts';
import { type GatewayShape, gatewayShape, haproxyShape, nginxShape, readShape } from './shapes.ts';

export interface GatewayContext {
  /** Declared services and resources, whether or not they could be read. */
  readonly services: readonly string[];
  readonly resources: readonly string[];
  /** Absolute folder of the declaration. */
  readonly root: string;
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
  const { kind, routes: rawRoutes } = (input ?? {}) as { kind?: unknown; routes?: unknown };
  const shapes: Readonly<Record<string, typeof gatewayShape>> = { nginx: nginxShape, haproxy: haproxyShape };
  const chosen = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  const isUnknown = kind !== undefined && chosen === undefined;
  const read = readShape(chosen ?? gatewayShape, isUnknown ? { ...Object(input), kind: undefined } : input, path);
  const routes = readRoutes(rawRoutes, context);
  const shape: GatewayShape | undefined = read.value;
  const problems: Problem[] = [...read.problems, ...routes.problems];
  if (isUnknown) problems.push(unknownKind(kind));
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
    program: readGatewayProgram({ kind, shape, root: context.root }, problems),
    tls: readTls(shape.tls, context.root, problems),
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

function unknownKind(kind: unknown): Problem {
  const message = `no gateway is called ${describe(kind)}`;
  return errorAt([...path, 'kind'], { message, hint: 'write nginx({ ... }), haproxy({ ... }) or plain { ... }' });
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
