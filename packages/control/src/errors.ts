// The control room's table of errors: every code, and the next thing to type. Messages are written where the facts are known.
import { HaleError } from '@hale/base';

export const controlErrors = {
  HALE_CONTROL_JOURNAL_FULL:
    'free some space (df -h .); Hale does nothing that it cannot write down, and goes on by itself then',
  HALE_CONTROL_JOURNAL_FAILED: 'look at the disk and at the permissions of .hale/journal.db',
  HALE_CONTROL_JOURNAL_NEWER:
    'start the newer Hale again, or move .hale/journal.db away: then the world is observed anew',
  HALE_CONTROL_LEASE_HELD: 'another control room leads this system: let it finish, or stop it by its pid',
  HALE_CONTROL_LEASE_LOST: 'nothing to do: the one that leads now goes on',
  HALE_CONTROL_RELEASE_UNKNOWN: 'hale up writes .hale/releases/<n>.json and declares it',
  HALE_CONTROL_RELEASE_BROKEN: 'run hale up again: it writes a new release from the declaration',
  HALE_CONTROL_RELEASE_OLDER: 'hale up declares the newest; to go back, declare the old content as a new release',
  HALE_CONTROL_COMMAND_FAILED: 'this is a fault of Hale: please report it with .hale/logs/control.log',
  HALE_CONTROL_EXECUTOR_FULL: 'the brain gives it again; if it lasts, look at hale status',
  HALE_CONTROL_INBOX_FULL: 'control is overloaded: try again in a moment',
  HALE_CONTROL_STOPPING: 'control is handing over: try again in a second',
  HALE_CONTROL_API_LISTEN: 'the keeper hands the listener `api` to control: hale down, then hale up',
  HALE_CONTROL_API_STOPPED: 'the keeper starts control again by itself; see .hale/logs/control.log',
  HALE_CONTROL_UNAUTHORIZED: 'open it with: hale dashboard (the token is in api.json of the runtime folder)',
  HALE_CONTROL_FOREIGN_HOST: 'use the address that hale dashboard prints (127.0.0.1 or localhost)',
  HALE_CONTROL_FOREIGN_ORIGIN: 'pages of other sites may not speak to Hale; open its own page: hale dashboard',
  HALE_CONTROL_BAD_REQUEST: 'see docs/reference/api.md',
  HALE_CONTROL_NOT_FOUND: 'see docs/reference/api.md',
  HALE_CONTROL_UNKNOWN_NAME: 'hale ps lists the names',
  HALE_CONTROL_UNKNOWN_INCIDENT: 'hale incidents lists them',
  HALE_CONTROL_NO_LOG: 'it has not written anything yet, or it is not a replica of this host',
  HALE_CONTROL_TOO_MANY_STREAMS: 'close some of the windows that watch this system',
  HALE_CONTROL_NO_DASHBOARD:
    'build it once: npm run build -w @hale/dashboard; hale ps and hale status --watch work without it',
  HALE_CONTROL_NOT_READY: 'control is starting: try again in a moment',
  HALE_CONTROL_INTERNAL: 'this is a fault of Hale: please report it with .hale/logs/control.log',
} as const;

export type ControlErrorCode = keyof typeof controlErrors;

export interface ControlErrorExtras {
  readonly hint?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Makes the error of `code`; the table's hint stands unless the place knows a better one. */
export function controlError(code: ControlErrorCode, message: string, extras: ControlErrorExtras = {}): HaleError {
  return new HaleError({ code, message, ...extras, hint: extras.hint ?? controlErrors[code] });
}
