// The four ways to knock: over HTTP, by connecting, by running a command, and not at all (the process being alive is enough).
// Each ends within its time and says in one line what was wrong.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import type { ProbeCheck } from '@hale/model';
import type { CheckResult } from './launcher.ts';

export interface CheckTarget {
  readonly address: string;
  readonly port: number | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** That the process lives is the keeper's and the kernel's to say. */
const nothingToAsk: CheckResult = { kind: 'pass', isLasting: true };

/** Makes one check; passes only while `signal` has not aborted. */
export function runCheck(check: ProbeCheck, target: CheckTarget, signal: AbortSignal): Promise<CheckResult> {
  switch (check.kind) {
    case 'alive':
      return Promise.resolve(nothingToAsk);
    case 'exec':
      return checkExec(check.argv, target, signal);
    case 'tcp':
      return target.port === undefined ? Promise.resolve(nothingToAsk) : checkTcp(target, signal);
    case 'http':
      return checkHttp(check.path, target, signal);
  }
}

function checkTcp(target: CheckTarget, signal: AbortSignal): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: target.address, port: target.port ?? 0 });
    const end = (result: CheckResult) => {
      signal.removeEventListener('abort', late);
      // RST instead of FIN: a probe leaves no TIME_WAIT behind.
      socket.resetAndDestroy();
      resolve(result);
    };
    const late = () => end({ kind: 'fail', reason: `port ${target.port} did not accept a connection in time` });
    signal.addEventListener('abort', late, { once: true });
    socket.once('connect', () => end({ kind: 'pass' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'fail', reason: `nobody listens on port ${target.port} (${error.code})` }),
    );
  });
}

function checkHttp(path: string, target: CheckTarget, signal: AbortSignal): Promise<CheckResult> {
  return new Promise((resolve) => {
    const request = http.get(
      { host: target.address, port: target.port, path, agent: false, signal, headers: { 'user-agent': 'hale-probe' } },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        resolve(
          status >= 200 && status < 400 ? { kind: 'pass' } : { kind: 'fail', reason: `GET ${path} answered ${status}` },
        );
      },
    );
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve({
        kind: 'fail',
        reason: signal.aborted
          ? `GET ${path} did not answer in time`
          : `GET ${path} failed (${error.code ?? error.message})`,
      }),
    );
  });
}

function checkExec(argv: readonly string[], target: CheckTarget, signal: AbortSignal): Promise<CheckResult> {
  return new Promise((resolve) => {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, {
      cwd: target.cwd,
      env: { ...process.env, ...target.env, NODE_OPTIONS: '' },
      stdio: 'ignore',
      detached: true,
    });
    const kill = () => {
      // Its whole group: a shell's children too.
      if (child.pid !== undefined && child.exitCode === null) killGroup(child.pid);
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', (error) => resolve({ kind: 'fail', reason: `cannot run ${file}: ${error.message}` }));
    child.once('exit', (code) => {
      signal.removeEventListener('abort', kill);
      if (signal.aborted) resolve({ kind: 'fail', reason: `${file} did not end in time` });
      else
        resolve(code === 0 ? { kind: 'pass' } : { kind: 'fail', reason: `${file} ended with ${code ?? 'a signal'}` });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
