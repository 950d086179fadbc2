// Starts single programs of the shop for a live test, without Hale: each on a free port of its own, all ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to stderr so far, at most 64 kB. */
  said(): string;
}

export interface TestLike {
  after(fn: () => void | Promise<void>): void;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const tries = 300;

/** Resolves when it accepts connections. */
export async function startProgram(
  t: TestLike,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Program> {
  const port = await freePort();
  const [file = '', ...args] = argv;
  const child = spawn(file, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PORT: String(port), HOST: '127.0.0.1', ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-65_536);
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  for (let i = 0; !(await accepts(port)); i++) {
    if (child.exitCode !== null || i === tries) throw new Error(`${argv.join(' ')} does not listen: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return { url: `http://127.0.0.1:${port}`, child, said: () => said };
}

export function startService(t: TestLike, file: string, env?: Record<string, string>): Promise<Program> {
  return startProgram(t, [process.execPath, `services/${file}`], env);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
