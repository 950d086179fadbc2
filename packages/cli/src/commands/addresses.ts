// Where a running system is reached: its gateway for users, its dashboard for people who look after it. The
// dashboard's address holds the token and is shown only to whoever typed the command.
import type { SystemSpec } from '@hale/model';
import { readIdentity } from '../system/folder.ts';
import type { RunningSystem } from '../system/running.ts';
import type { Paint } from '../terminal/paint.ts';

export interface Addresses {
  readonly gateway: string | undefined;
  readonly dashboard: string | undefined;
}

export function addressesOf(system: RunningSystem, spec: SystemSpec): Addresses {
  const port = readIdentity(system.root)?.ports['public'];
  const { gateway } = spec;
  return {
    gateway: gateway === undefined || port === undefined ? undefined : `http://${hostInUrl(gateway.host)}:${port}`,
    dashboard: dashboardUrl(system),
  };
}

/** The dashboard's address with the token that opens it; undefined while control has none. */
export function dashboardUrl(system: RunningSystem): string | undefined {
  const address = system.address();
  return address === undefined ? undefined : `${address.url}/?token=${encodeURIComponent(address.token)}`;
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

export function renderAddresses({ gateway, dashboard }: Addresses, paint: Paint): string[] {
  return [
    ...(gateway === undefined ? [] : [`${paint.faint('gateway  ')} ${gateway}`]),
    ...(dashboard === undefined ? [] : [`${paint.faint('dashboard')} ${dashboard}`]),
  ];
}
