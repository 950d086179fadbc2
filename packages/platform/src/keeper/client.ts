// The telephone to the keeper: typed requests over its socket, exits as they happen, and a new line when the old one breaks.
// It starts a keeper when asked (start.ts does) but never by itself.
import net from 'node:net';
import { join } from 'node:path';
import { isHaleError } from '@hale/base';
import { isPlatformErrorCode, platformError } from '../errors.ts';
import type {
  ControlRequest,
  ExitEvent,
  KeeperRequest,
  ListenerRequest,
  ProcessRecord,
  SpawnRequest,
} from './protocol.ts';

export interface KeeperClient {
  readonly pid: number;
  bind(request: ListenerRequest): Promise<number>;
  spawn(request: SpawnRequest): Promise<{ pid: number; startTime: string }>;
  /** False when there was nobody to deliver it to. */
  signal(key: string, signal: NodeJS.Signals, group: boolean): Promise<boolean>;
  list(): Promise<readonly ProcessRecord[]>;
  forget(key: string): Promise<void>;
  control(request: ControlRequest): Promise<void>;
  /** Kills what is left, removes the runtime folder, ends the keeper. */
  shutdown(): Promise<void>;
  /** Every later request carries this epoch. */
  lead(epoch: number): Promise<void>;
  onExit(listener: (exit: ExitEvent) => void): () => void;
  /** Resolves when the line breaks: the keeper has ended. */
  readonly closed: Promise<void>;
  close(): void;
}

const answerMs = 10_000;
type Reply = Readonly<Record<string, unknown>>;
/** A request without what every request carries. */
type Asked = KeeperRequest extends infer R ? (R extends unknown ? Omit<R, 'epoch'> : never) : never;

/** Connects to a running keeper; undefined when nobody answers. */
export async function connectKeeper(runtimeDir: string): Promise<KeeperClient | undefined> {
  const socket = await open(join(runtimeDir, 'keeper.sock'));
  if (socket === undefined) return undefined;
  return createClient(socket).catch((error: unknown) => {
    // A keeper that was killed may still seem to pick up.
    if (isHaleError(error) && error.code === 'HALE_PLATFORM_KEEPER_GONE') return undefined;
    throw error;
  });
}

function open(path: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

async function createClient(socket: net.Socket): Promise<KeeperClient> {
  const line = createLine(socket);
  let epoch = 0;
  const ask = (request: Asked) => line.ask({ ...request, epoch });
  const hello = await line.ask({ op: 'hello' });
  epoch = Number(hello['epoch']);
  return {
    pid: Number(hello['pid']),
    bind: async (request) => Number((await ask({ op: 'bind', ...request }))['port']),
    spawn: async (request) => {
      const reply = await ask({ op: 'spawn', ...request });
      return { pid: Number(reply['pid']), startTime: String(reply['startTime']) };
    },
    signal: async (key, signal, group) => (await ask({ op: 'signal', key, signal, group }))['delivered'] === true,
    list: async () => (await ask({ op: 'list' }))['processes'] as readonly ProcessRecord[],
    forget: async (key) => void (await ask({ op: 'forget', key })),
    control: async (request) => void (await ask({ op: 'control', ...request })),
    async shutdown() {
      await ask({ op: 'shutdown' });
      await line.closed;
    },
    async lead(next) {
      epoch = next;
      await ask({ op: 'hello' });
    },
    onExit: line.onExit,
    closed: line.closed,
    close: () => socket.destroy(),
  };
}

/** Requests and answers over one socket. */
function createLine(socket: net.Socket) {
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  const exitListeners = new Set<(exit: ExitEvent) => void>();
  let nextId = 1;
  let rest = '';
  let isOpen = true;
  const receive = (message: Reply) => {
    if (message['event'] === 'exit') for (const listener of exitListeners) listener(message as unknown as ExitEvent);
    const asked = waiting.get(Number(message['id']));
    if (asked === undefined) return;
    if (message['ok'] === true) asked.resolve(message);
    else asked.reject(refusal(String(message['code']), String(message['message'])));
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    rest += chunk;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) receive(JSON.parse(text) as Reply);
  });
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isOpen = false;
      for (const { reject } of waiting.values()) reject(gone());
      resolve();
    });
  });
  const ask = (request: KeeperRequest | (Asked & { epoch: number })): Promise<Reply> => {
    if (!isOpen) return Promise.reject(gone());
    const id = nextId++;
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(platformError('HALE_PLATFORM_KEEPER_TIMEOUT', `the keeper did not answer in ${answerMs} ms`)),
        answerMs,
      );
      const settle = () => {
        clearTimeout(timer);
        waiting.delete(id);
      };
      waiting.set(id, {
        resolve(reply) {
          settle();
          resolve(reply);
        },
        reject(error) {
          settle();
          reject(error);
        },
      });
      socket.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  };
  const onExit = (listener: (exit: ExitEvent) => void) => {
    exitListeners.add(listener);
    return () => void exitListeners.delete(listener);
  };
  return { ask, onExit, closed };
}

function gone(): Error {
  return platformError('HALE_PLATFORM_KEEPER_GONE', 'the keeper has ended', { retriable: true });
}

function refusal(code: string, message: string): Error {
  return platformError(isPlatformErrorCode(code) ? code : 'HALE_PLATFORM_KEEPER_FAILED', message);
}
