// The program itself: which HAProxy this is, and what it says of a configuration before anything is started with it.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { platformError } from '../../errors.ts';

/** The first version with `option idle-close-on-response`: without it, each change of routes would cut off clients. */
export const oldestHaproxy = { major: 2, minor: 6 };

const answerTimeoutMs = 10_000;
const saidMax = 64 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Debian keeps it in /usr/sbin, which is on the path of root alone. */
export function withSbin(env: Environment): Record<string, string> {
  const known = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...Object.fromEntries(known), PATH: `${env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin` };
}

/** E.g. '2.6.12'. Throws HALE_PLATFORM_PROXY_MISSING, HALE_PLATFORM_PROXY_TOO_OLD. */
export async function haproxyVersion(bin: string, env: Environment = process.env): Promise<string> {
  const said = await run({ bin, env }, ['-v']).catch((error: NodeJS.ErrnoException) => {
    throw platformError(
      'HALE_PLATFORM_PROXY_MISSING',
      `HAProxy (${bin}) cannot be run: ${error.code ?? error.message}`,
      { cause: error },
    );
  });
  const match = /^HA-?Proxy version (\d+)\.(\d+)[.-]?([\w.]*)/im.exec(said.text);
  if (match === null)
    throw platformError('HALE_PLATFORM_PROXY_MISSING', `${bin} is not HAProxy: it has no version to tell`);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const { major: oldMajor, minor: oldMinor } = oldestHaproxy;
  const version = `${major}.${minor}${/^\d/.test(match[3]!) ? `.${match[3]}` : ''}`;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return version;
  throw platformError('HALE_PLATFORM_PROXY_TOO_OLD', `HAProxy ${version} is older than ${oldMajor}.${oldMinor}`);
}

/** Has the program read `file`; it looks at the sockets that it will be handed (`fds`, as 3, 4, ...) too. Throws HALE_PLATFORM_PROXY_REFUSED with what it says about it. */
export async function checkHaproxy(
  program: { readonly bin: string; readonly env: Environment },
  file: string,
  fds: readonly number[],
): Promise<void> {
  const { code, text } = await run(program, ['-c', '-f', file], fds).catch((error: Error) => {
    throw platformError('HALE_PLATFORM_PROXY_MISSING', `HAProxy (${program.bin}) cannot be run: ${error.message}`, {
      cause: error,
    });
  });
  if (code === 0) return;
  throw platformError('HALE_PLATFORM_PROXY_REFUSED', `HAProxy refuses its configuration: ${complaint(text)}`);
}

/** What is wrong, without the program's greetings. */
export function complaint(text: string): string {
  const alerts = text.split('\n').filter((line) => line.includes('[ALERT]'));
  const said = (alerts.length > 0 ? alerts : text.trim().split('\n').slice(-3)).map((line) =>
    line.replace(/^\[ALERT\]\s+\(\d+\) : (?:config : )?/, '').trim(),
  );
  return said.join('; ').slice(0, 2000) || 'it does not say why';
}

function run(
  { bin, env }: { readonly bin: string; readonly env: Environment },
  args: readonly string[],
  fds: readonly number[] = [],
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(bin, args, {
      env: withSbin(env),
      stdio: ['ignore', 'pipe', 'pipe', ...fds],
      signal: AbortSignal.timeout(answerTimeoutMs),
      killSignal: 'SIGKILL',
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      stream.on('data', (chunk: Buffer) => {
        if (text.length < saidMax) text += chunk.toString('utf8');
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code: code ?? -1, text: signal === null ? text : `${text}\nended with ${signal}` }),
    );
  });
}
