// What a person wants done in a database that services may not do themselves: an extension, a setting, a role. It is said as the superuser
// (of a server elsewhere: as whoever its address names), and the answers come back as the server gave them.
import type { SystemSpec } from '@hale/model';
import pg from 'pg';
import { ownUrl } from './address.ts';
import { plainReason } from './connection.ts';
import { postgresError } from './errors.ts';

/** Of one statement of the text. */
export interface StatementAnswer {
  /** 'SELECT', 'CREATE' */
  readonly command: string;
  /** Rows given or touched; undefined where the server counts none. */
  readonly count: number | undefined;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const connectMs = 15_000;
const statementOptions = '-c search_path=public -c role=none -c statement_timeout=0';

/** Several statements, with `;` between, are one transaction. Throws HALE_PLATFORM_POSTGRES_STATEMENT, and what resolving an address throws. */
export async function runStatement(
  system: Pick<SystemSpec, 'root' | 'resources'>,
  name: string,
  text: string,
): Promise<readonly StatementAnswer[]> {
  const url = ownUrl(system, name, 'services');
  if (url === undefined)
    throw postgresError('HALE_PLATFORM_POSTGRES_STATEMENT', `${name} was never started here: nothing was done`);
  try {
    const client = new pg.Client({
      ...{ connectionString: url, connectionTimeoutMillis: connectMs, application_name: 'hale sql' },
      // Not in the way in which the owner of the database wants sessions to work: see ownOptions.
      ...(system.resources[name]?.url === undefined && { options: statementOptions }),
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const given: unknown = await client.query({ text, rowMode: 'array' });
      return (Array.isArray(given) ? given : [given]).map(answerOf);
    } finally {
      await client.end().catch(() => {});
    }
  } catch (cause) {
    throw postgresError('HALE_PLATFORM_POSTGRES_STATEMENT', `${name} did not do it: ${plainReason(cause)}`, { cause });
  }
}

function answerOf({ command, rowCount, fields, rows }: pg.QueryArrayResult): StatementAnswer {
  return { command, count: rowCount ?? undefined, columns: fields.map((field) => field.name), rows };
}
