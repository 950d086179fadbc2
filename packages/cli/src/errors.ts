// The front door's table of errors: every code it may answer with, what it means, and the next thing to type.
// `exitCodeOf` is the promise to scripts: 0 done, 1 failed, 2 the declaration or the command line is wrong,
// 3 nothing runs here, 130 interrupted.
import { HaleError, isHaleError } from '@hale/base';

export const exitCodes = { ok: 0, failure: 1, usage: 2, notRunning: 3, interrupted: 130 } as const;

/** Hint and exit code of each code; the message is written where the facts are known. */
export const cliErrors = {
  HALE_CLI_USAGE: { exit: 2, hint: 'hale --help lists the commands, hale <command> --help their options' },
  HALE_CLI_BAD_DECLARATION: { exit: 2, hint: 'correct the lines above and run it again; nothing was started' },
  HALE_CLI_NO_DECLARATION: { exit: 2, hint: 'hale init writes one, or name it: hale up --config FILE' },
  HALE_CLI_NOT_RUNNING: { exit: 3, hint: 'start it: hale up' },
  HALE_CLI_STILL_RUNNING: { exit: 1, hint: 'hale down, then again; or look first: hale restore --into ./restored' },
  HALE_CLI_HOUSE_TOO_LARGE: {
    exit: 1,
    hint: 'write what is no part of the program into .haleignore beside the declaration, a path or a name on each line; or take the databases alone: hale backup now --no-house',
  },
  HALE_CLI_NO_BACKUPS: {
    exit: 1,
    hint: "add resources: { vault: objectStore({ url: 'file:/mnt/other-disk/vault' }), db: postgres({ backup: { to: 'vault' } }) }",
  },
  HALE_CLI_NOT_EMPTY: { exit: 1, hint: 'name an empty or a new folder' },
  HALE_CLI_NO_HOUSE: {
    exit: 1,
    hint: 'hale backup now, where the system is, puts it there; is the url of the store right?',
  },
  HALE_CLI_HOUSE_KEY: {
    exit: 1,
    hint: 'put the key that the store was begun with into the environment, and run it again',
  },
  HALE_CLI_UNKNOWN_NAME: { exit: 2, hint: 'hale ps lists the names' },
  HALE_CLI_FOLDER_NOT_WRITABLE: {
    exit: 1,
    hint: 'Hale keeps its state in .hale beside the declaration: make that folder writable',
  },
  HALE_CLI_DISK_FULL: { exit: 1, hint: 'free some space (df -h .) and run it again; nothing was left running' },
  HALE_CLI_PORT_IN_USE: { exit: 1, hint: 'stop what listens there, or choose another port in the declaration' },
  HALE_CLI_SYSTEM_FILE_BROKEN: {
    exit: 1,
    hint: 'restore .hale/system.json, or run hale down and remove the .hale folder (this forgets data and history)',
  },
  HALE_CLI_START_FAILED: {
    exit: 1,
    hint: 'the lines above are from .hale/logs; correct the cause and run hale up again',
  },
  HALE_CLI_BUSY: { exit: 1, hint: 'another hale up or down works on this folder: wait for it' },
  HALE_CLI_CONTROL_AWAY: {
    exit: 1,
    hint: 'traffic and services go on; the keeper restarts control: try again in a few seconds, or read .hale/logs/control.log',
  },
  HALE_CLI_REFUSED: { exit: 1, hint: 'hale incidents and hale ps tell what is going on' },
  HALE_CLI_ROLLOUT_STUCK: {
    exit: 1,
    hint: 'hale ps and hale incidents tell what holds it up; the old release keeps serving',
  },
  HALE_CLI_NOT_SERVING: {
    exit: 1,
    hint: 'hale explain NAME tells why; the system is up and Hale goes on trying. hale down stops it',
  },
  HALE_CLI_API_UNREADABLE: { exit: 2, hint: 'correct the file, or the api field of its service in the declaration' },
  HALE_CLI_API_BREAKING: {
    exit: 1,
    hint: 'keep the old shape beside the new one until no caller needs it, or accept it: hale plan --allow-breaking',
  },
  HALE_CLI_STOP_INCOMPLETE: { exit: 1, hint: 'hale doctor lists what is left' },
  HALE_CLI_INTERRUPTED: { exit: 130, hint: 'run it again when you are ready' },
  HALE_CLI_INTERNAL: { exit: 1, hint: 'this is a fault of Hale: please report it with the lines above' },
} as const;

export type CliErrorCode = keyof typeof cliErrors;

export interface CliErrorExtras {
  readonly hint?: string;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Makes the error of `code`; the table's hint stands unless the place knows a better one. */
export function cliError(code: CliErrorCode, message: string, extras: CliErrorExtras = {}): HaleError {
  return new HaleError({
    code,
    message,
    hint: extras.hint ?? cliErrors[code].hint,
    ...(extras.cause === undefined ? {} : { cause: extras.cause }),
    ...(extras.details === undefined ? {} : { details: extras.details }),
  });
}

export function exitCodeOf(error: unknown): number {
  if (!isHaleError(error)) return exitCodes.failure;
  return Object.hasOwn(cliErrors, error.code) ? cliErrors[error.code as CliErrorCode].exit : exitCodes.failure;
}

/** What the operating system said, as an error of this table; anything else unknown is our own fault and says so. */
export function explainUnknown(error: unknown, doing: string): HaleError {
  if (isHaleError(error)) return error;
  const fault = error as NodeJS.ErrnoException;
  const where = fault.path === undefined ? '' : ` (${fault.path})`;
  switch (fault.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS': {
      const why = fault.code === 'EROFS' ? 'the disk is read-only' : 'not permitted';
      return cliError('HALE_CLI_FOLDER_NOT_WRITABLE', `${doing}: ${why}${where}`, { cause: error });
    }
    case 'ENOSPC':
    case 'EDQUOT':
      return cliError('HALE_CLI_DISK_FULL', `${doing}: the disk is full${where}`, { cause: error });
    case 'EADDRINUSE':
      return cliError('HALE_CLI_PORT_IN_USE', `${doing}: ${fault.message}`, { cause: error });
    default:
      return cliError('HALE_CLI_INTERNAL', `${doing}: ${fault.message ?? String(error)}`, { cause: error });
  }
}
