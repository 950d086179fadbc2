// What can go wrong between a service and its database, in one table. Whatever is `retriable` was not done, or can be asked again safely.
import { HaleError } from '@hale/base';

const hints = {
  HALE_SDK_SQL_NO_DATABASE:
    "add the database to `uses` of this service in hale.config.ts, or give `url: 'postgres://...'` outside Hale",
  HALE_SDK_SQL_OPTION_INVALID: 'correct the option that the message names',
  HALE_SDK_SQL_PG_MISSING: 'npm install pg',
  HALE_SDK_SQL_BUSY:
    'answer 503 and let the caller come again; if it lasts, shorten the transactions, raise `connections`, or start more replicas: `hale scale`',
  HALE_SDK_SQL_TIMEOUT: 'nothing was committed; look at `hale ps`, or give the transaction a longer timeoutMs',
  HALE_SDK_SQL_UNKNOWN:
    'it may have been committed: look before you do it again, or give the request a key (docs/guides/once.md), which makes asking again safe',
  HALE_SDK_SQL_FAILED_BEFORE:
    'a statement of the transaction had failed and the error was swallowed: let it pass, or set a savepoint before such a statement',
  HALE_SDK_SQL_LEDGER:
    'let the user of the database create tables in its schema, make it by hand (docs/guides/databases.md), or give `ledger: false`: then a commit whose answer is lost stays unknown',
  HALE_SDK_SQL_STALE: 'read without `stalenessMaxMs`, or wait until there is a primary: `hale ps`',
} as const;

export type SqlErrorCode = keyof typeof hints;

const retriable = new Set<SqlErrorCode>(['HALE_SDK_SQL_BUSY', 'HALE_SDK_SQL_TIMEOUT', 'HALE_SDK_SQL_STALE']);

export function sqlError(code: SqlErrorCode, message: string, cause?: unknown): HaleError {
  return new HaleError({ code, message, hint: hints[code], retriable: retriable.has(code), cause });
}
