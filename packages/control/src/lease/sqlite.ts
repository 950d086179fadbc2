// The lease of a host: one row that says who leads, and in which epoch. It stands in a file of its own, so that a broken
// journal does not take the epoch with it: an epoch never comes twice. There is no renewal and no timeout: the kernel
// knows whether the holder lives.
import type { DatabaseSync } from 'node:sqlite';
import type { Lease } from '@hale/ports';
import { controlError } from '../errors.ts';
import { type DatabaseOptions, openDatabase } from '../journal/database.ts';
import { isHolderAlive } from './process-holder.ts';

export interface SqliteLeaseOptions {
  readonly file: string;
  readonly wallMs: number;
  /** Default: asks the kernel about the process that `ownHolder` named. */
  readonly isAlive?: (holder: string) => boolean;
  readonly onBroken: DatabaseOptions['onBroken'];
}

/** A lease with a way to close its file. */
export interface SqliteLease extends Lease {
  close(): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS lease (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    epoch INTEGER NOT NULL,
    holder TEXT
  ) STRICT;
  INSERT OR IGNORE INTO lease (only, epoch, holder) VALUES (1, 0, NULL);
`;

interface Row {
  readonly epoch: number;
  readonly holder: string | null;
}

export function openSqliteLease(options: SqliteLeaseOptions): SqliteLease {
  const database = openDatabase({ ...options, schema });
  const { isAlive = isHolderAlive } = options;
  const look = database.prepare('SELECT epoch, holder FROM lease');
  const take = database.prepare('UPDATE lease SET epoch = ?, holder = ?');
  const letGo = database.prepare('UPDATE lease SET holder = NULL WHERE epoch = ? AND holder = ?');
  let mine: { epoch: number; holder: string } | undefined;
  const row = () => look.get() as unknown as Row;
  const isHeld = () => {
    const now = row();
    return mine !== undefined && now.epoch === mine.epoch && now.holder === mine.holder;
  };
  return {
    acquire(holder, epochFloor = 0) {
      return exclusively(database, () => {
        const now = row();
        if (now.holder !== null && now.holder !== holder && isAlive(now.holder)) {
          throw controlError('HALE_CONTROL_LEASE_HELD', `${now.holder} (boot/pid/start) leads in epoch ${now.epoch}`);
        }
        const epoch = Math.max(now.epoch, epochFloor) + 1;
        take.run(epoch, holder);
        mine = { epoch, holder };
        return epoch;
      });
    },
    isHeld,
    release() {
      if (mine !== undefined) letGo.run(mine.epoch, mine.holder);
      mine = undefined;
    },
    close: () => database.close(),
  };
}

function exclusively<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
