// From what Hale wants to what a balancer is to do: the table, the routes and the sockets become one ProxyConfig. Pure; the same in, the same out.
import { hashText } from '@hale/base';
import type { Endpoint, EndpointTable } from '@hale/model';
import type { RoutesFile } from '../gateway/routes.ts';
import type { ProxyConfig, ProxyListener, ProxyService } from './proxy-program.ts';

export interface Wish {
  readonly table: EndpointTable | undefined;
  readonly routes: RoutesFile;
  readonly listeners: readonly ProxyListener[];
  readonly workers: number;
  /** Folder of the sockets behind which the pilot's own worker holds requests. */
  readonly folder: string;
  readonly tlsMark: string;
}

const weightMax = 100;

export function proxyConfigOf({ table, routes, listeners, workers, folder, tlsMark }: Wish): ProxyConfig {
  const { timeoutMs, tryTimeoutMs, holdMs, bodyBytesMax, tls } = routes;
  const names = servicesOf(listeners);
  const services = names.map((name): ProxyService => {
    const endpoints = (table?.endpoints ?? []).filter((endpoint) => endpoint.service === name);
    return {
      name,
      idempotencyKeys: routes.keyed?.includes(name) ?? false,
      members: membersOf(endpoints),
      holdSocket: holdSocket(folder, name),
    };
  });
  return {
    listeners,
    routes: routes.routes.filter((route) => names.includes(route.service)),
    services,
    tls: tls === undefined ? undefined : { certFile: tls.certFile, keyFile: tls.keyFile, mark: tlsMark },
    workers,
    timeoutMs,
    tryTimeoutMs,
    holdMs,
    bodyBytesMax,
  };
}

/** Services that have a socket, in its order. */
export function servicesOf(listeners: readonly Pick<ProxyListener, 'name'>[]): readonly string[] {
  return listeners.flatMap(({ name }) => (name.startsWith('svc:') ? [name.slice('svc:'.length)] : []));
}

/** Short whatever the service is called: a socket's path ends at 107 bytes. */
export function holdSocket(folder: string, service: string): string {
  return `${folder}/${hashText(service).slice(0, 8)}.sock`;
}

/** Who is in rotation; a suspect only where nobody is better, as the embedded gateway has it. */
function membersOf(endpoints: readonly Endpoint[]): ProxyService['members'] {
  const well = endpoints.filter(({ state }) => state === 'in');
  const chosen = well.length > 0 ? well : endpoints.filter(({ state }) => state === 'suspect');
  return chosen
    .map(({ incarnation, address, port, weight }) => ({
      incarnation,
      address,
      port,
      weight: Math.max(1, Math.min(weightMax, weight)),
    }))
    .sort((a, b) => (a.incarnation < b.incarnation ? -1 : 1));
}
