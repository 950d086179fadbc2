// The same system, dressed for the workbench: one replica of each service, each with an inspector port, and of a big
// system only the services that are worked on and what they use. Pure.
import { gatewayUnit, type ServiceSpec, type SystemSpec, type UnitName } from '@hale/model';

/** `wanted` and all that it uses, through any number of steps. */
export function reach(spec: SystemSpec, wanted: readonly UnitName[]): Set<UnitName> {
  const reached = new Set<UnitName>();
  const visit = (name: UnitName) => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const used of spec.services[name]?.uses ?? []) visit(used);
  };
  for (const name of wanted) visit(name);
  return reached;
}

export interface DevWish {
  /** Only these and what they use; undefined: all. */
  readonly only: UnitName | undefined;
  /** Inspector port of each service that runs on Node. */
  readonly inspectors: Readonly<Record<UnitName, number>>;
  /**
   * A fixed port of each service that has one: what has a fixed port is stopped before its replacement starts, and so
   * gives its inspector's port free in time.
   */
  readonly ports: Readonly<Record<UnitName, number>>;
}

export function devSpec(spec: SystemSpec, { only, inspectors, ports }: DevWish): SystemSpec {
  const kept = only === undefined ? undefined : reach(spec, [only]);
  const stays = (name: UnitName) => kept === undefined || kept.has(name);
  const services = Object.fromEntries(
    Object.entries(spec.services)
      .filter(([name]) => stays(name))
      .map(([name, service]) => [name, onWorkbench(service, { inspector: inspectors[name], port: ports[name] })]),
  );
  const resources = Object.fromEntries(Object.entries(spec.resources).filter(([name]) => stays(name)));
  const backups = Object.fromEntries(Object.entries(spec.backups ?? {}).filter(([name]) => stays(name)));
  const gateway = spec.gateway && {
    ...spec.gateway,
    workers: 1,
    routes: spec.gateway.routes.filter((route) => route.service in services),
  };
  return { ...spec, services, resources, gateway, ...(spec.backups && { backups }) };
}

interface Bench {
  readonly inspector: number | undefined;
  readonly port: number | undefined;
}

function onWorkbench(service: ServiceSpec, { inspector, port }: Bench): ServiceSpec {
  const single = { ...service, replicas: 1, zones: service.zones.slice(0, 1), port: service.port ?? port };
  if (inspector === undefined) return single;
  const given = service.env['NODE_OPTIONS'];
  const before = given?.kind === 'text' ? `${given.text} ` : '';
  const text = `${before}--inspect=127.0.0.1:${inspector}`;
  return { ...single, env: { ...service.env, NODE_OPTIONS: { kind: 'text', text } } };
}

/** True for a program that understands NODE_OPTIONS by being Node itself. */
export function runsOnNode(service: ServiceSpec): boolean {
  if (service.program.kind === 'module') return true;
  const program = service.program.argv[0] ?? '';
  return /(^|\/)node(\.exe)?$/.test(program) && service.name !== gatewayUnit;
}
