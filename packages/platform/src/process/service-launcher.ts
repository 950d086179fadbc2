// The recipe for a service: its program, the environment it declared, where it finds what it uses, and the preload that watches
// a Node program's main loop.
import { fileURLToPath } from 'node:url';
import { hasPort, type ServiceSpec } from '@hale/model';
import { platformError } from '../errors.ts';
import { serviceListener } from './bindings.ts';
import { resolveEnvironment } from './environment.ts';
import type { Launch, LaunchContext, Launcher } from './launcher.ts';

export interface ServiceLauncherOptions {
  /** Ports of the bound sockets by name (`svc:orders`). */
  readonly listenerPorts: () => Readonly<Record<string, number>>;
  /** The address of a resource (`postgres://...`), the same for the replica's whole life. */
  readonly resourceUrl: ResourceUrl;
  /** Where env() and secret() are looked up: the environment of control. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The address of a resource, to write and read, or only to read from what copies it. */
export type ResourceUrl = (name: string, purpose?: 'write' | 'read') => string | undefined;

const preload = fileURLToPath(new URL('./preload/preload.mjs', import.meta.url));

export function createServiceLauncher(options: ServiceLauncherOptions): Launcher {
  return async (context) => {
    const service = context.spec.services[context.unit];
    if (service === undefined)
      throw platformError('HALE_PLATFORM_UNIT_UNKNOWN', `release ${context.release} has no service '${context.unit}'`);
    const declared = resolveEnvironment(service, { root: context.root, host: options.env });
    const nodeOptions = declared['NODE_OPTIONS'] ?? options.env['NODE_OPTIONS'] ?? '';
    const launch: Launch = {
      argv: argvOf(service),
      cwd: service.cwd,
      env: {
        ...linksOf(service, context, options),
        ...declared,
        NODE_OPTIONS: withPreload(nodeOptions),
        ...(hasPort(service) ? { PORT: String(service.port ?? context.port) } : {}),
      },
      listeners: [],
      port: hasPort(service) ? (service.port ?? context.port) : undefined,
    };
    return launch;
  };
}

function argvOf(service: ServiceSpec): readonly string[] {
  return service.program.kind === 'module' ? [process.execPath, service.program.file] : service.program.argv;
}

/** HALE_URL_<SERVICE>, HALE_DB_<NAME> and, for one database, DATABASE_URL; and the same with _RO for what may only be read. */
function linksOf(
  service: ServiceSpec,
  context: LaunchContext,
  options: ServiceLauncherOptions,
): Record<string, string> {
  const links: Record<string, string> = {};
  const databases: string[] = [];
  const ports = options.listenerPorts();
  for (const used of service.uses) {
    const port = ports[serviceListener(used)];
    if (context.spec.services[used] !== undefined && port !== undefined)
      links[`HALE_URL_${constantCase(used)}`] = `http://127.0.0.1:${port}`;
    if (context.spec.resources[used] === undefined) continue;
    const url = options.resourceUrl(used);
    if (url === undefined) continue;
    const name = `HALE_DB_${constantCase(used)}`;
    links[name] = url;
    databases.push(name);
    const readUrl = options.resourceUrl(used, 'read');
    if (readUrl !== undefined) links[`${name}_RO`] = readUrl;
  }
  const [only] = databases;
  if (only === undefined || databases.length > 1) return links;
  return { ...links, ...aliasOf(links, only, 'DATABASE_URL'), ...aliasOf(links, `${only}_RO`, 'DATABASE_URL_RO') };
}

function aliasOf(links: Readonly<Record<string, string>>, name: string, alias: string): Record<string, string> {
  const value = links[name];
  return value === undefined ? {} : { [alias]: value };
}

/** 'order-book' -> 'ORDER_BOOK'. */
export function constantCase(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** A path in NODE_OPTIONS is cut at spaces unless it is quoted. */
export function withPreload(nodeOptions: string): string {
  const option = `--import=${preload.includes(' ') ? JSON.stringify(preload) : preload}`;
  return nodeOptions.includes(option) ? nodeOptions : `${nodeOptions} ${option}`.trim();
}
