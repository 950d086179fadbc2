// The recipe for a gateway worker: this program, with the keeper's listening sockets in its hands. Nothing is started here.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import type { GatewayProgram, ProxyProgramSpec, SystemSpec } from '@hale/model';
import type { Launcher } from '../process/launcher.ts';
import { withdrawDown } from '../proxy/going-down.ts';
import { dismissOthers, requireProgram } from '../proxy/programs.ts';
import { hasBegun } from './has-begun.ts';
import { routesOf, writeRoutes } from './routes.ts';
import { routesFile, statsFile } from './worker-files.ts';

const embedded = fileURLToPath(new URL('./main.ts', import.meta.url));
const pilot = fileURLToPath(new URL('../proxy/main.ts', import.meta.url));

/**
 * A proxy's objects live for one request: a roomy nursery, collected by the one thread there is, costs 12 % less CPU a
 * request than V8's defaults (npm run bench -- gateway).
 */
export const workerFlags: readonly string[] = ['--min-semi-space-size=16', '--no-parallel-scavenge'];

/** The program and arguments of a worker. `listeners` are inherited as descriptors 3, 4, ... in this order. */
export function workerArgv(options: {
  readonly listeners: readonly string[];
  readonly runtimeDir: string;
  readonly rest?: readonly string[];
  readonly program?: string;
}): readonly string[] {
  const handed = options.listeners.map((name, index) => `${name}:${index + 3}`).join(',');
  const head = [process.execPath, ...workerFlags, options.program ?? embedded, '--listeners', handed];
  return [...head, '--runtime', options.runtimeDir, ...(options.rest ?? [])];
}

/** The listeners of a system, in the order in which workers inherit them: 'public' first, 'tls' if there is one, then one a service with a port. */
export function gatewayListeners(spec: SystemSpec): readonly string[] {
  const internal = Object.values(spec.services)
    .filter((service) => service.probes.startup.check.kind !== 'alive')
    .map((service) => `svc:${service.name}`);
  if (spec.gateway === undefined) return internal;
  return ['public', ...(spec.gateway.tls === undefined ? [] : ['tls']), ...internal];
}

/** Workers run on the Node that runs Hale. `graceMs`: from SIGTERM until what is still under way is severed. */
export function gatewayLauncher(options: { readonly graceMs: number } = { graceMs: 10_000 }): Launcher {
  return async (context) => {
    const { spec, runtimeDir, root, ordinal } = context;
    const listeners = gatewayListeners(spec);
    const kept = join(root, '.hale', 'table.json');
    // No --zone: the zones of one host are simulated and equally near, so a preference would only starve the others.
    const rest = ['--ordinal', String(ordinal), '--kept', kept, '--grace', String(options.graceMs)];
    const program: GatewayProgram = spec.gateway?.program ?? { kind: 'embedded' };
    const argv =
      program.kind === 'embedded'
        ? workerArgv({ listeners, runtimeDir, rest })
        : pilotArgv({ listeners, runtimeDir, rest, program, workers: spec.gateway?.workers ?? 2 });
    const prepare = async () => {
      withdrawDown(runtimeDir);
      writeRoutes(routesFile(runtimeDir), routesOf(spec));
      await requireProgram(program);
      dismissOthers(runtimeDir, program, createSystemClock());
    };
    const check = hasBegun(statsFile(runtimeDir, ordinal), context.incarnation);
    return { argv, cwd: root, env: {}, listeners, port: undefined, prepare, check };
  };
}

/** The program and arguments of a pilot, who drives a real balancer with `workers` workers. */
export function pilotArgv(options: {
  readonly listeners: readonly string[];
  readonly runtimeDir: string;
  readonly program: ProxyProgramSpec;
  readonly workers: number;
  readonly rest?: readonly string[];
}): readonly string[] {
  const { listeners, runtimeDir, program, workers, rest = [] } = options;
  const words = ['--program', JSON.stringify(program), '--workers', String(workers)];
  return workerArgv({ listeners, runtimeDir, rest: [...rest, ...words], program: pilot });
}
