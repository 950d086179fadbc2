// The recipe for a gateway worker: this program, with the keeper's listening sockets in its hands. Nothing is started here.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SystemSpec } from '@hale/model';
import type { Launcher } from '../process/launcher.ts';
import { routesOf, writeRoutes } from './routes.ts';
import { routesFile } from './worker-files.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The listeners of a system, in the order in which workers inherit them: 'public' first, then one a service with a port. */
export function gatewayListeners(spec: SystemSpec): readonly string[] {
  const internal = Object.values(spec.services)
    .filter((service) => service.probes.startup.check.kind !== 'alive')
    .map((service) => `svc:${service.name}`);
  return spec.gateway === undefined ? internal : ['public', ...internal];
}

/** Workers run on the Node that runs Hale. `graceMs`: from SIGTERM until what is still under way is severed. */
export function gatewayLauncher(options: { readonly graceMs: number } = { graceMs: 10_000 }): Launcher {
  return async (context) => {
    const { spec, runtimeDir, root, ordinal, zone } = context;
    const listeners = gatewayListeners(spec);
    const handed = listeners.map((name, index) => `${name}:${index + 3}`).join(',');
    const argv = [
      ...[process.execPath, program, '--listeners', handed, '--ordinal', String(ordinal), '--zone', zone],
      ...['--runtime', runtimeDir, '--kept', join(root, '.hale', 'table.json'), '--grace', String(options.graceMs)],
    ];
    const prepare = async () => writeRoutes(routesFile(runtimeDir), routesOf(spec));
    return { argv, cwd: root, env: {}, listeners, port: undefined, prepare };
  };
}
