// The way to the keeper, whichever one it is by now: when it ends, another is started with the sockets this process inherited,
// and everybody who listens for exits hears them from the new one.
import { connectKeeper, type KeeperClient } from '../keeper/client.ts';
import type { ExitEvent } from '../keeper/protocol.ts';
import { type InheritedListener, inheritedListeners, startKeeper } from '../keeper/start.ts';

export interface KeeperSource {
  /** The keeper of now; starts one when there is none. */
  get(): Promise<KeeperClient>;
  onExit(listener: (exit: ExitEvent) => void): () => void;
  /** Called when another keeper has taken over: whatever it was told before must be told again (its list of processes is kept). */
  onReplaced(listener: (keeper: KeeperClient) => void): () => void;
  close(): void;
}

/** `restart`: false only connects, and fails when nobody answers (tests, and commands that must not start anything). */
export function createKeeperSource(options: { root: string; runtimeDir: string; restart?: boolean }): KeeperSource {
  const { root, runtimeDir, restart = true } = options;
  const exitListeners = new Set<(exit: ExitEvent) => void>();
  const replacedListeners = new Set<(keeper: KeeperClient) => void>();
  let current: Promise<KeeperClient> | undefined;
  let connected: KeeperClient | undefined;
  let isClosed = false;
  const inherited = inheritedListeners();
  const stopReceiving = receiveListeners(inherited);

  const open = async (): Promise<KeeperClient> => {
    const found = await connectKeeper(runtimeDir);
    const keeper = found ?? (await startKeeper({ root, runtimeDir, inherited: restart ? inherited : [] }));
    keeper.onExit((exit) => {
      for (const listener of exitListeners) listener(exit);
    });
    void keeper.closed.then(() => {
      current = undefined;
      if (!isClosed && restart) void reopen();
    });
    connected = keeper;
    return keeper;
  };
  const get = () => {
    current ??= open().catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  };
  const reopen = async () => {
    const keeper = await get().catch(() => undefined);
    if (keeper !== undefined) for (const listener of replacedListeners) listener(keeper);
  };
  return {
    get,
    onExit(listener) {
      exitListeners.add(listener);
      return () => void exitListeners.delete(listener);
    },
    onReplaced(listener) {
      replacedListeners.add(listener);
      return () => void replacedListeners.delete(listener);
    },
    close() {
      isClosed = true;
      stopReceiving();
      connected?.close();
    },
  };
}

/** Handles are kept: a socket whose handle is collected is closed. */
const receivedHandles: unknown[] = [];

/** Sockets bound after this process was born come over the channel to its keeper, where it has one. */
function receiveListeners(into: InheritedListener[]): () => void {
  if (process.channel === undefined || process.channel === null) return () => {};
  const receive = (message: unknown, handle: unknown) => {
    const listener = (message as { haleListener?: Omit<InheritedListener, 'fd'> } | null)?.haleListener;
    const { fd } = (handle ?? {}) as { fd?: number };
    if (listener === undefined || fd === undefined) return;
    receivedHandles.push(handle);
    into.push({ ...listener, fd });
  };
  process.on('message', receive);
  // The channel is no reason to stay.
  process.channel.unref();
  return () => void process.off('message', receive);
}
