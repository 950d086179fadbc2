// Every error code of the hands that is not the gateway's or PostgreSQL's own, with the next thing to type. The keeper sends
// code and message over its socket; the hint is added on the caller's side, here.
import { HaleError } from '@hale/base';

export const platformHints = {
  HALE_PLATFORM_PORT_IN_USE: 'choose another port in hale.config.ts, or end the program that holds it (`ss -ltnp`)',
  HALE_PLATFORM_PORT_FORBIDDEN: 'choose a port above 1023 in hale.config.ts',
  HALE_PLATFORM_BIND_FAILED: 'check the host of the gateway in hale.config.ts: it must be an address of this machine',
  HALE_PLATFORM_LISTENER_TAKEN: '`hale down && hale up` moves a listener to another port',
  HALE_PLATFORM_NO_LISTENER: 'run `hale doctor`',
  HALE_PLATFORM_NODE_UNSUPPORTED: 'run Hale on Node 24 (`hale doctor` prints which one is used)',
  HALE_PLATFORM_LIMIT: 'lower `replicas` in hale.config.ts',
  HALE_PLATFORM_PROGRAM_MISSING: 'check `command` in hale.config.ts; is the program installed and in PATH?',
  HALE_PLATFORM_PROGRAM_FORBIDDEN: 'make the file executable (`chmod +x`), or name its interpreter in `command`',
  HALE_PLATFORM_CWD_MISSING: 'check `cwd` in hale.config.ts',
  HALE_PLATFORM_SPAWN_FAILED: 'run `hale doctor`',
  HALE_PLATFORM_SIGNAL_FAILED: 'is the process owned by another user? run `hale doctor`',
  HALE_PLATFORM_STALE_EPOCH: 'another control process leads now; nothing is to be done',
  HALE_PLATFORM_UNKNOWN_OP: 'keeper and command are of different versions: `hale down && hale up`',
  HALE_PLATFORM_KEEPER_FAILED: 'read .hale/logs/keeper.log',
  HALE_PLATFORM_KEEPER_GONE: '`hale up` starts it again',
  HALE_PLATFORM_KEEPER_TIMEOUT: 'read .hale/logs/keeper.log, then `hale up` again',
  HALE_PLATFORM_RUNTIME_DIR_UNSAFE: 'remove that folder, or set HALE_RUNTIME_DIR to one that only you can open',
  HALE_PLATFORM_RUNTIME_DIR_LONG: 'set HALE_RUNTIME_DIR to a shorter path (a socket path ends at 107 bytes)',
  HALE_PLATFORM_ENV_MISSING: 'set it in the environment of `hale up`, or give env() a fallback',
  HALE_PLATFORM_SECRET_MISSING: 'add it to .hale/secrets.env as NAME=value, or set it in the environment of `hale up`',
  HALE_PLATFORM_SECRETS_OPEN: '`chmod 600 .hale/secrets.env`',
  HALE_PLATFORM_ENV_FILE_UNREADABLE: 'check `envFile` in hale.config.ts',
  HALE_PLATFORM_RELEASE_UNKNOWN: 'run `hale up` again',
  HALE_PLATFORM_UNIT_UNKNOWN: 'run `hale up` again',
  HALE_PLATFORM_NO_LAUNCHER: 'this version of Hale cannot start that kind of unit',
  HALE_PLATFORM_NOT_RUNNING: 'nothing is to be done: what is seen next decides',
  HALE_PLATFORM_NOT_OURS: 'control carries this command out itself',
  HALE_PLATFORM_UNKNOWN: 'run `hale doctor`',
  HALE_PLATFORM_NO_PORT: 'too many ports are in use on 127.0.0.1: stop something, or lower `replicas`',
  HALE_PLATFORM_PROXY_MISSING:
    'install it (`apt-get install nginx-light` or `apt-get install haproxy`), or give its path as `bin`',
  HALE_PLATFORM_PROXY_TOO_OLD: 'install a newer one (NGINX 1.18, HAProxy 2.6 or later), or give its path as `bin`',
  HALE_PLATFORM_PROXY_REFUSED:
    'the last good configuration stays in force; correct what it complains of in hale.config.ts',
  HALE_PLATFORM_PROXY_FAILED: 'read .hale/logs/gateway-0.log',
  HALE_PLATFORM_STOP_FAILED:
    'the process could not be ended: look at it with `ps`; it may wait in the kernel for a disk',
} as const satisfies Readonly<Record<`HALE_PLATFORM_${string}`, string>>;

export type PlatformErrorCode = keyof typeof platformHints;

/** A HaleError of this room, its hint taken from the table. */
export function platformError(
  code: PlatformErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean } = {},
): HaleError {
  return new HaleError({ code, message, hint: platformHints[code], ...more });
}

export function isPlatformErrorCode(code: string): code is PlatformErrorCode {
  return Object.hasOwn(platformHints, code);
}
