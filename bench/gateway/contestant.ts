// A proxy under test: a process of its own, its port, and the CPU that the kernel says it has used.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

export interface Contestant {
  readonly name: string;
  readonly port: number;
  /** CPU milliseconds, user and system, since it started. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/** Starts `argv` and waits until its port answers. `listening` is handed on as descriptor 3 and closed here. */
export async function startContestant(options: {
  name: string;
  argv: readonly string[];
  port: number;
  listening?: Server;
}): Promise<Contestant> {
  const { name, port, listening } = options;
  const [program = '', ...args] = options.argv;
  const handle = (listening as unknown as { _handle?: { fd: number } } | undefined)?._handle;
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit', ...(handle === undefined ? [] : [handle.fd])],
  });
  // Now, not later: while this process holds the socket it would take connections from the queue and never answer.
  listening?.close();
  await untilAnswers(child, name, port);
  return {
    name,
    port,
    cpuMs: () => cpuMsOf(child.pid!),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

async function untilAnswers(child: ChildProcess, name: string, port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it answered`);
    const isUp = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }).then(
      (res) => res.arrayBuffer().then(() => res.ok),
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not answer on port ${port} within ten seconds`);
}

function cpuMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5), in hundredths of a second on every Linux that Node runs on.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** A listening socket on a free port of the loopback. */
export function listen(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
}

export async function freePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
