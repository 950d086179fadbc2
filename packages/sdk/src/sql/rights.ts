// What a service may not do in its database, it is told how to have done: under Hale it works as a role that owns the database and no more, and an
// extension that PostgreSQL does not trust is made by the superuser, with one command.
import { sqlState } from '../idempotency/sql-state.ts';

const refusal = /^permission denied to create extension "(.+)"$/;

/** The error as it came, with the next thing to type as its hint. */
export function withRemedy(error: unknown): unknown {
  if (sqlState(error) !== '42501' || !(error instanceof Error)) return error;
  const name = refusal.exec(error.message)?.[1];
  if (name !== undefined)
    Object.assign(error, {
      hint: `only a superuser may make it. Under Hale: hale sql 'create extension "${name}"'; elsewhere whoever runs the server does`,
    });
  return error;
}
