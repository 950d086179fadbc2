// What can only be seen with the whole drawing on the table: names that point nowhere, circles, two programs on one port,
// zones that nobody declared. Reads the specs that could be read; says nothing about fields of one service alone.
import type { Problem } from '@hale/base';
import { findCycle, type Graph } from '../graph.ts';
import { backupUnit, gatewayUnit, relayUnit } from '../names.ts';
import type { GatewaySpec, PostgresSpec, ServiceSpec } from '../spec.ts';
import { hasPort } from '../units.ts';
import { errorAt, suggest, warningAt } from './problems.ts';
import { describe } from './readers.ts';

/** Everything declared: `names` as written, `services` and the rest as far as they could be read. */
export interface Drawing {
  readonly serviceNames: readonly string[];
  readonly resourceNames: readonly string[];
  /** What each service says it uses, read before its other fields, so that a typo elsewhere hides nothing. */
  readonly uses: Readonly<Record<string, readonly unknown[]>>;
  readonly zonesOfServices: Readonly<Record<string, readonly unknown[]>>;
  readonly zones: readonly string[];
  readonly services: readonly ServiceSpec[];
  readonly resources: readonly PostgresSpec[];
  readonly gateway: GatewaySpec | undefined;
}

export function checkDrawing(drawing: Drawing): readonly Problem[] {
  return [
    ...checkNames(drawing),
    ...checkUses(drawing),
    ...checkCycle(drawing),
    ...checkZones(drawing),
    ...checkPorts(drawing),
    ...checkRoutes(drawing),
  ];
}

const unitName = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

function checkNames({ serviceNames, resourceNames }: Drawing): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [group, names] of [
    ['services', serviceNames],
    ['resources', resourceNames],
  ] as const) {
    for (const name of names) {
      const complain = (message: string, hint: string) => problems.push(errorAt([group, name], { message, hint }));
      if (name === gatewayUnit)
        complain(`'${name}' is the name of the gateway's own workers`, "choose another, for example 'edge'");
      else if (name === relayUnit)
        complain(`'${name}' is the name of what leads to database clusters`, "choose another, for example 'forwarder'");
      else if (name === backupUnit)
        complain(`'${name}' is the name of what backs databases up`, "choose another, for example 'archive'");
      else if (!unitName.test(name) || name === 'constructor') {
        complain(
          `'${name}' cannot be a name: lower-case letters, digits and dashes, at most 40`,
          `write '${plainName(name)}'`,
        );
      }
      if (group === 'resources' && serviceNames.includes(name)) {
        complain(`'${name}' is the name of a service too`, `write '${name}-db'`);
      }
    }
  }
  return problems;
}

/** 'userService' -> 'user-service'. */
export function plainName(name: string): string {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return plain === '' ? 'app' : plain;
}

function checkUses({ uses, serviceNames, resourceNames }: Drawing): readonly Problem[] {
  const known = [...serviceNames, ...resourceNames];
  return Object.entries(uses).flatMap(([service, names]) =>
    names.flatMap((name, index) => {
      const at = ['services', service, 'uses', index];
      if (typeof name !== 'string') {
        return [errorAt(at, { message: `expected a name, got ${describe(name)}`, hint: "write uses: ['orders']" })];
      }
      if (name === service) return [errorAt(at, { message: `'${service}' uses itself`, hint: 'remove it' })];
      if (names.indexOf(name) < index)
        return [warningAt(at, { message: `'${name}' stands here twice`, hint: 'remove one' })];
      if (known.includes(name)) return [];
      const hint = suggest(
        name,
        known.filter((other) => other !== service),
        'other service or resource',
      );
      return [errorAt(at, { message: `nothing is called '${name}'`, hint })];
    }),
  );
}

function checkCycle({ uses }: Drawing): readonly Problem[] {
  const graph: Graph = Object.fromEntries(
    Object.entries(uses).map(([service, names]) => [
      service,
      names.filter((name): name is string => typeof name === 'string' && name !== service),
    ]),
  );
  const cycle = findCycle(graph);
  if (cycle === undefined) return [];
  const last = cycle.at(-2) ?? '';
  return [
    errorAt(['services', last, 'uses', (uses[last] ?? []).indexOf(cycle.at(-1))], {
      message: `a circle: ${cycle.join(' -> ')}. None of them could start first`,
      hint: `leave one arrow out of uses (for example '${cycle.at(-1)}' in ${last}), and give that address by env`,
    }),
  ];
}

function checkZones({ zones, zonesOfServices }: Drawing): readonly Problem[] {
  return Object.entries(zonesOfServices).flatMap(([service, names]) => {
    const at = ['services', service, 'zones'];
    if (names.length === 0)
      return [
        errorAt(at, {
          message: 'an empty list of zones',
          hint: `write zones: ['${zones[0] ?? 'a'}'], or leave it out`,
        }),
      ];
    return names.flatMap((name, index) =>
      typeof name === 'string' && zones.includes(name)
        ? []
        : [
            errorAt([...at, index], {
              message:
                typeof name === 'string'
                  ? `zone '${name}' is not declared`
                  : `expected a zone's name, got ${describe(name)}`,
              hint: `declared: ${zones.join(', ')}; or add it to the system's zones`,
            }),
          ],
    );
  });
}

function checkPorts({ services, resources, gateway }: Drawing): readonly Problem[] {
  const problems: Problem[] = [];
  const holders = new Map<number, string>();
  const claim = (port: number | undefined, path: readonly string[], who: string) => {
    if (port === undefined || port === 0) return;
    const holder = holders.get(port);
    if (holder === undefined) holders.set(port, who);
    else {
      const message = `port ${port} is already the port of ${holder}`;
      problems.push(errorAt(path, { message, hint: 'choose another, or leave it out and Hale picks a free one' }));
    }
  };
  if (gateway !== undefined) claim(gateway.port, ['gateway', 'port'], 'the gateway');
  claim(gateway?.tls?.port, ['gateway', 'tls', 'port'], "the gateway's TLS");
  for (const resource of resources) claim(resource.port, ['resources', resource.name, 'port'], resource.name);
  for (const service of services) {
    claim(service.port, ['services', service.name, 'port'], service.name);
    if (service.port === undefined || service.replicas === 1) continue;
    const message = `${service.replicas} replicas cannot share the fixed port ${service.port}`;
    const hint = 'leave port out (each replica is told its own in PORT), or write replicas: 1';
    problems.push(errorAt(['services', service.name, 'port'], { message, hint }));
  }
  return problems;
}

function checkRoutes({ services, gateway }: Drawing): readonly Problem[] {
  const workers = services.filter((service) => !hasPort(service)).map((service) => service.name);
  return (gateway?.routes ?? [])
    .filter((route) => workers.includes(route.service))
    .map((route) =>
      errorAt(['gateway', 'routes', route.prefix], {
        message: `'${route.service}' has no port, so nobody can be sent there`,
        hint: `remove the route, or 'port: false' (and 'ready: false') from ${route.service}`,
      }),
    );
}
