// Gives every listener of a system its port, once: what is in system.json stays, what is new is chosen, what the
// declaration names is obeyed. Before a start it makes sure that nobody else sits there, and names who does.
import { routedServices, type SystemSpec } from '@hale/model';
import { cliError } from '../errors.ts';
import type { SystemIdentity } from './folder.ts';
import { choosePort, holderOfPort, isPortFree } from './free-port.ts';

/** A listener's name, the host it binds, and the port that the declaration demands. */
export interface ListenerWish {
  readonly name: string;
  readonly host: string;
  readonly demanded: number | undefined;
}

const loopback = '127.0.0.1';

/** The listeners that decision 0002 gives to a system. */
export function listenersOf(spec: SystemSpec): ListenerWish[] {
  const { gateway } = spec;
  return [
    { name: 'api', host: loopback, demanded: undefined },
    ...(gateway === undefined
      ? []
      : [{ name: 'public', host: gateway.host, demanded: gateway.port === 0 ? undefined : gateway.port }]),
    ...(gateway?.tls === undefined
      ? []
      : [{ name: 'tls', host: gateway.host, demanded: gateway.tls.port === 0 ? undefined : gateway.tls.port }]),
    ...routedServices(spec).map((service) => ({ name: `svc:${service}`, host: loopback, demanded: undefined })),
  ];
}

/** The identity with a port for every listener of `spec`. */
export async function assignPorts(identity: SystemIdentity, spec: SystemSpec): Promise<SystemIdentity> {
  const ports: Record<string, number> = { ...identity.ports };
  for (const { name, demanded } of listenersOf(spec)) {
    if (demanded !== undefined) ports[name] = demanded;
    ports[name] ??= await choosePort(`${identity.id} ${name}`, new Set(Object.values(ports)));
  }
  return { id: identity.id, ports };
}

/**
 * For a system that does not run: a port that was demanded must be free (else HALE_CLI_PORT_IN_USE, naming who has
 * it); one that we had chosen ourselves is chosen anew.
 */
export async function claimPorts(identity: SystemIdentity, spec: SystemSpec): Promise<SystemIdentity> {
  const ports: Record<string, number> = { ...identity.ports };
  for (const { name, host, demanded } of listenersOf(spec)) {
    const port = ports[name];
    if (port === undefined || (await isPortFree(port, host))) continue;
    if (demanded !== undefined) throw portInUse(name === 'tls' ? 'gateway.tls.port' : 'gateway.port', port, host);
    ports[name] = await choosePort(`${identity.id} ${name}`, new Set(Object.values(ports)));
  }
  for (const service of Object.values(spec.services)) {
    if (service.port !== undefined && !(await isPortFree(service.port)))
      throw portInUse(`services.${service.name}.port`, service.port, loopback);
  }
  return { id: identity.id, ports };
}

function portInUse(whose: string, port: number, host: string) {
  const holder = holderOfPort(port);
  return cliError(
    'HALE_CLI_PORT_IN_USE',
    `${whose}: port ${port} on ${host} is in use by ${holder ?? 'another program'}`,
    {
      details: { port, host },
    },
  );
}
