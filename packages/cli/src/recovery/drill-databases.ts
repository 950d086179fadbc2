// `hale drill run dr`: every database that has backups is restored from its store alone into a scratch folder, read whole, and thrown
// away. Nothing that runs is touched. What it measured is kept.
import { isHaleError } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { findEngine, openStrongbox, prove, type RestoreProgress, whileOccupied } from '@hale/platform/postgres';
import { showRestore } from '../commands/backup.ts';
import type { Call } from '../commands/entry.ts';
import { cliError } from '../errors.ts';
import { waitFor } from '../host.ts';
import { createBar } from '../terminal/progress-bar.ts';
import { openHouseOf } from './house.ts';
import { keepMeasured, type Measured, storeMeasured } from './measured.ts';
import { type DatabaseBack, type RecoveryLine, recoveryLine } from './recovery-line.ts';

const patienceMs = 120_000;

/** Throws HALE_CLI_NO_BACKUPS where no database has any. */
export async function drillDatabases(call: Call, spec: SystemSpec): Promise<RecoveryLine> {
  const names = Object.keys(spec.backups ?? {});
  if (names.length === 0)
    throw cliError('HALE_CLI_NO_BACKUPS', `no database of ${spec.name} has a backup in the declaration`);
  const databases: DatabaseBack[] = [];
  for (const name of names) {
    const back = await bringBack(call, spec, name);
    databases.push(back);
    await keep(call, spec, name, back);
  }
  const isAll = databases.every(({ backup }) => backup !== undefined);
  const rtoMs = isAll ? databases.reduce((sum, one) => sum + one.rtoMs, 0) : undefined;
  const unprotected = Object.keys(spec.resources).filter((name) => !names.includes(name));
  const complaints = unprotected.map((name) => `${name} has no backup in the declaration: it cannot be brought back`);
  return recoveryLine('dr', { databases, rtoMs, complaints });
}

/** A refusal is a finding here, not the end: the other databases are looked at all the same. */
async function bringBack(call: Call, spec: SystemSpec, database: string): Promise<DatabaseBack> {
  const { clock, env } = call.host;
  const bar = createBar(call.host, call.json);
  try {
    const { vault, bin } = await openStrongbox(spec, database, env);
    const engine = await findEngine(bin);
    const place = { root: spec.root, database, errand: 'work' } as const;
    const onProgress = (progress: RestoreProgress) => showRestore(bar, progress);
    const proof = await inTurn(call, () => whileOccupied(place, () => prove({ vault, engine, clock, onProgress })));
    const { backup, ok, rtoMs, rpoMs, tables, problems } = proof;
    const rows = tables.reduce((sum, one) => sum + one.rows, 0);
    return { database, backup, ok, rtoMs, rpoMs, tables: tables.length, rows, problems: problems.map(named(database)) };
  } catch (error) {
    if (!isHaleError(error)) throw error;
    const nothing = { backup: undefined, ok: false, rtoMs: 0, rpoMs: undefined, tables: 0, rows: 0 };
    return { database, ...nothing, problems: [named(database)(`${error.message} (${error.hint})`)] };
  } finally {
    bar.clear();
  }
}

/** The process that takes and proves backups by itself may be at it: its clean-up would take away what is just read. */
async function inTurn<T>({ host: { clock } }: Call, work: () => Promise<T>): Promise<T> {
  const patience = { clock, withinMs: patienceMs, everyMs: 250 };
  const done = await waitFor(patience, async () => {
    try {
      return { value: await work() };
    } catch (error) {
      if (isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_BUSY') return undefined;
      throw error;
    }
  });
  return done === undefined ? work() : done.value;
}

const named = (database: string) => (words: string) => `${database}: ${words}`;

async function keep(call: Call, spec: SystemSpec, database: string, back: DatabaseBack): Promise<void> {
  const { ok, rtoMs, rpoMs, backup, problems } = back;
  const at = call.host.clock.wall();
  const measured: Measured = { kind: 'restore', at, database, backup, ok, rtoMs, rpoMs, problems };
  keepMeasured(spec.root, [measured]);
  // A store that does not answer is in the report already.
  if (backup !== undefined) await storeMeasured((await openHouseOf(spec, database, call.host.env)).vault, [measured]);
}
