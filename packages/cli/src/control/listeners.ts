// Sees to it that this control holds every socket of the system in its hands: those it inherited it can pass on when the keeper
// dies, and the API can only be served on one that it has. What is missing is bound by the keeper, and whoever called then
// ends, so that the keeper starts it again with all of them.
import type { SystemSpec } from '@hale/model';
import {
  bindListeners,
  inheritedListeners,
  type KeeperClient,
  keepListenerPorts,
  listenersOf,
  readListenerPorts,
} from '@hale/platform/process';

export const apiListener = 'api';

/** Names that `spec` needs (all of them with the API's) and this process was not given. */
export function missingListeners(root: string, spec: SystemSpec | undefined): string[] {
  const given = new Set(inheritedListeners().map(({ name }) => name));
  const wanted = spec === undefined ? [] : listenersOf(spec, readListenerPorts(root)).map(({ name }) => name);
  return [apiListener, ...wanted].filter((name) => !given.has(name));
}

/** Has them all bound, each at the port it had. */
export async function bindAll(keeper: KeeperClient, root: string, spec: SystemSpec | undefined): Promise<void> {
  const kept = readListenerPorts(root)[apiListener] ?? 0;
  const request = { name: apiListener, host: '127.0.0.1', port: kept };
  const port = await keeper.bind(request).catch((error: { code?: string }) => {
    if (error.code !== 'HALE_PLATFORM_PORT_IN_USE') throw error;
    return keeper.bind({ ...request, port: 0 });
  });
  keepListenerPorts(root, { [apiListener]: port });
  if (spec !== undefined) await bindListeners({ keeper, spec, root });
}
