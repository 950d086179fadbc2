// Which doors a system needs, and asking the keeper to put them in: `public` for the gateway, `svc:<service>` for each service
// that is spoken to, `db:<name>` and `db-ro:<name>` for each database cluster. A port, once given, is kept for the system's life.
import { clustersOf, routedServices, type SystemSpec } from '@hale/model';
import type { KeeperClient } from '../keeper/client.ts';
import type { ListenerRequest } from '../keeper/protocol.ts';
import { keepListenerPorts, readListenerPorts } from './ports.ts';

export const publicListener = 'public';
/** The gateway's second public socket, which speaks TLS. */
export const tlsListener = 'tls';

export function serviceListener(service: string): string {
  return `svc:${service}`;
}

export function databaseListener(name: string): string {
  return `db:${name}`;
}

/** Where a cluster is read without being written. */
export function readerListener(name: string): string {
  return `db-ro:${name}`;
}

/** The sockets that `spec` needs, at the ports they had. A fixed public port wins over a kept one. */
export function listenersOf(spec: SystemSpec, kept: Readonly<Record<string, number>>): ListenerRequest[] {
  const wanted: ListenerRequest[] = [];
  if (spec.gateway !== undefined) {
    const port = spec.gateway.port === 0 ? (kept[publicListener] ?? 0) : spec.gateway.port;
    wanted.push({ name: publicListener, host: spec.gateway.host, port });
    const tls = spec.gateway.tls;
    if (tls !== undefined) {
      const tlsPort = tls.port === 0 ? (kept[tlsListener] ?? 0) : tls.port;
      wanted.push({ name: tlsListener, host: spec.gateway.host, port: tlsPort });
    }
  }
  for (const service of routedServices(spec)) {
    const name = serviceListener(service);
    wanted.push({ name, host: '127.0.0.1', port: kept[name] ?? 0 });
  }
  for (const { name, port } of clustersOf(spec)) {
    const [write, read] = [databaseListener(name), readerListener(name)];
    wanted.push({ name: write, host: '127.0.0.1', port: port ?? kept[write] ?? 0 });
    wanted.push({ name: read, host: '127.0.0.1', port: kept[read] ?? 0 });
  }
  return wanted;
}

/** Binds them all and keeps their ports. A kept port that somebody else took meanwhile is replaced, a declared one is an error. */
export async function bindListeners(options: {
  keeper: KeeperClient;
  spec: SystemSpec;
  root: string;
}): Promise<Readonly<Record<string, number>>> {
  const { keeper, spec, root } = options;
  const ports: Record<string, number> = {};
  for (const request of listenersOf(spec, readListenerPorts(root))) {
    const isDeclared =
      (request.name === publicListener && spec.gateway?.port !== 0) ||
      (request.name === tlsListener && spec.gateway?.tls?.port !== 0) ||
      clustersOf(spec).some(({ name, port }) => request.name === databaseListener(name) && port !== undefined);
    ports[request.name] = await keeper.bind(request).catch((error: { code?: string }) => {
      if (isDeclared || error.code !== 'HALE_PLATFORM_PORT_IN_USE') throw error;
      return keeper.bind({ ...request, port: 0 });
    });
  }
  keepListenerPorts(root, ports);
  return ports;
}
