// The doors of the house: the keeper puts them in their frames (binds the sockets) and never answers a knock itself.
// Whoever is handed the descriptor listens on it; when that one dies, the queue stays with the socket, which the keeper still holds.
// A port that somebody listens on is refused by the kernel. Two sockets that are bound and not yet listened on would be let
// through (SO_REUSEADDR), so keepers of one machine also take an abstract socket named after the port.
import net from 'node:net';
import { KeeperRefusal, type ListenerRequest } from './protocol.ts';

interface BoundHandle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}
type CreateServerHandle = (
  host: string,
  port: number,
  family: 4 | 6,
  fd: number,
  flags: number,
) => BoundHandle | number;

interface Listener {
  readonly host: string;
  readonly port: number;
  readonly fd: number;
  /** Kept from the garbage collector, which would close the socket. */
  readonly handle: BoundHandle | undefined;
  readonly guard: net.Server | undefined;
}

export interface Listeners {
  /** The port, and whether the socket is new. */
  bind(request: ListenerRequest): Promise<{ port: number; isNew: boolean }>;
  /** Descriptors in the order of `names`. Throws KeeperRefusal for a name that is not bound. */
  descriptors(names: readonly string[]): number[];
  names(): string[];
  /** A socket that this keeper bound itself; undefined for an inherited one. */
  socket(name: string): { host: string; port: number; handle: unknown } | undefined;
  /** `name=fd=host=port,...`, the descriptors counted from 3: what a process that inherits all of them is told. */
  describe(): string;
}

const listenersMax = 256;

/** `inherited`: name and descriptor of sockets that a former keeper had bound. */
export function createListeners(
  inherited: readonly { name: string; fd: number; port: number; host: string }[],
): Listeners {
  const bound = new Map<string, Listener>();
  for (const { name, fd, port, host } of inherited) {
    bound.set(name, { host, port, fd, handle: undefined, guard: undefined });
    guardPort(host, port).then(
      (guard) => {
        const known = bound.get(name);
        if (known !== undefined) bound.set(name, { ...known, guard });
      },
      () => {},
    );
  }
  return {
    async bind({ name, host, port }) {
      const known = bound.get(name);
      if (known !== undefined && (port === 0 || port === known.port)) return { port: known.port, isNew: false };
      if (known !== undefined)
        throw new KeeperRefusal(
          'HALE_PLATFORM_LISTENER_TAKEN',
          `'${name}' is bound to port ${known.port} and cannot move to ${port} while the system runs`,
        );
      if (bound.size >= listenersMax)
        throw new KeeperRefusal('HALE_PLATFORM_LIMIT', `more than ${listenersMax} sockets`);
      const handle = bindHandle(host, port);
      const out: { port?: number } = {};
      const failure = handle.getsockname(out);
      if (failure !== 0 || out.port === undefined) throw inUse(host, port);
      const guard = await guardPort(host, out.port).catch(() => {
        handle.close();
        throw inUse(host, out.port ?? port);
      });
      bound.set(name, { host, port: out.port, fd: handle.fd, handle, guard });
      return { port: out.port, isNew: true };
    },
    descriptors: (names) =>
      names.map((name) => {
        const listener = bound.get(name);
        if (listener === undefined)
          throw new KeeperRefusal('HALE_PLATFORM_NO_LISTENER', `no socket named '${name}' is bound`);
        return listener.fd;
      }),
    socket(name) {
      const found = bound.get(name);
      return found?.handle === undefined ? undefined : { host: found.host, port: found.port, handle: found.handle };
    },
    names: () => [...bound.keys()],
    describe: () => [...bound].map(([name, { host, port }], i) => `${name}=${3 + i}=${host}=${port}`).join(','),
  };
}

/** `net._createServerHandle` is not documented; a Node without it is told so, instead of a crash without a word. */
function bindHandle(host: string, port: number): BoundHandle {
  const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle;
  if (create === undefined)
    throw new KeeperRefusal(
      'HALE_PLATFORM_NODE_UNSUPPORTED',
      `Node ${process.version} cannot bind a socket without listening`,
    );
  const made = create(host, port, net.isIPv6(host) ? 6 : 4, -1, 0);
  if (typeof made !== 'number') return made;
  if (made === -98 || made === -48) throw inUse(host, port);
  if (made === -13) throw new KeeperRefusal('HALE_PLATFORM_PORT_FORBIDDEN', `this user may not bind ${host}:${port}`);
  throw new KeeperRefusal('HALE_PLATFORM_BIND_FAILED', `cannot bind ${host}:${port} (errno ${-made})`);
}

function inUse(host: string, port: number): KeeperRefusal {
  return new KeeperRefusal('HALE_PLATFORM_PORT_IN_USE', `port ${port} on ${host} is already in use`);
}

/** Takes the machine-wide name of the port; it is given back by the kernel when this process ends. */
function guardPort(host: string, port: number): Promise<net.Server | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const guard = net.createServer((socket) => socket.destroy());
    guard.once('error', reject);
    guard.listen(`\0hale-port-${host}-${port}`, () => {
      guard.unref();
      resolve(guard);
    });
  });
}
