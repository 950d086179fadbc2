// The recipe for a relay: this program, with the keeper's listening sockets in its hands. Nothing is started here.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clustersOf, type SystemSpec } from '@hale/model';
import { hasBegun } from '../gateway/has-begun.ts';
import { databaseListener, readerListener } from '../process/bindings.ts';
import type { Launcher } from '../process/launcher.ts';
import { relayStatsFile, relayTroubleReader } from './stats.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The program and arguments of a relay. `listeners` are inherited as descriptors 3, 4, ... in this order. */
export function relayArgv(options: {
  readonly listeners: readonly string[];
  readonly runtimeDir: string;
  readonly rest?: readonly string[];
}): readonly string[] {
  const { listeners, runtimeDir, rest = [] } = options;
  const handed = listeners.map((name, index) => `${name}:${index + 3}`).join(',');
  return [process.execPath, program, '--listeners', handed, '--runtime', runtimeDir, ...rest];
}

/** The listeners of a system's relays, in the order in which they inherit them: for each cluster where it is written, then where it is read. */
export function relayListeners(spec: SystemSpec): readonly string[] {
  return clustersOf(spec).flatMap(({ name }) => [databaseListener(name), readerListener(name)]);
}

/** Relays run on the Node that runs Hale. `graceMs`: from SIGTERM until the connections that are left are cut. */
export function relayLauncher(options: { readonly graceMs: number } = { graceMs: 5_000 }): Launcher {
  return async ({ spec, runtimeDir, root, ordinal, incarnation }) => {
    const listeners = relayListeners(spec);
    const kept = join(root, '.hale', 'table.json');
    const rest = ['--ordinal', String(ordinal), '--kept', kept, '--grace', String(options.graceMs)];
    const tally = relayStatsFile(runtimeDir, ordinal);
    const check = hasBegun(tally, incarnation);
    const trouble = relayTroubleReader(tally, incarnation);
    const argv = relayArgv({ listeners, runtimeDir, rest });
    return { argv, cwd: root, env: {}, listeners, port: undefined, check, trouble };
  };
}
