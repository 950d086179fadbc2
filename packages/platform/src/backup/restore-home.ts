// Brings a database back to where Hale starts it from, or into any folder. What lies there is never deleted: it is put aside under
// another name, and only once the restored one is whole. The password file and the database are made to belong together again.
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, isHaleError } from '@hale/base';
import type pg from 'pg';
import { homeOf } from '../postgres/address.ts';
import { readPassword } from '../postgres/data-folder.ts';
import { reachableHome } from '../postgres/place.ts';
import { superuser } from '../postgres/settings.ts';
import { findProcesses } from '../postgres/strays.ts';
import { type ClusterMemory, chooseSeat, isDataFolder, moveIn } from './cluster-home.ts';
import { drainSpool } from './drain.ts';
import { findEngine } from './engine.ts';
import { backupError } from './errors.ts';
import type { RecoveryEngine } from './recovery.ts';
import { assertVacant, type Restored, type RestoreProgress, restore } from './restore.ts';
import { whileOccupied } from './steward/occupancy.ts';
import type { Strongbox } from './strongbox.ts';
import type { Target } from './target.ts';

export interface HomeOrder {
  readonly root: string;
  readonly box: Strongbox;
  readonly target: Target;
  /** 'new': where Hale starts it from, if nothing is there; 'replace': what is there is put aside; else a folder. */
  readonly into: 'new' | 'replace' | { readonly folder: string };
  readonly clock: Clock;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Of a cluster: what the journal remembers of it; left out where there is no journal. */
  readonly memory?: ClusterMemory | undefined;
}

export interface BroughtHome extends Restored {
  /** Where the data that was there before lies now. */
  readonly putAside: string | undefined;
  /** Of a cluster: the node that it was put into, and the term that begins with it. */
  readonly begins?: { readonly ordinal: number; readonly term: number };
  /** Bytes that only the spool still had. */
  readonly drained: number;
}

/** Throws HALE_PLATFORM_BACKUP_RUNNING, _NOT_EMPTY, _ELSEWHERE, and all that restore throws. */
export async function restoreHome(order: HomeOrder): Promise<BroughtHome> {
  const { box, into, target, clock } = order;
  const engine = await findEngine(box.bin);
  const progress = order.onProgress === undefined ? {} : { onProgress: order.onProgress };
  const base = { vault: box.vault, target, engine, clock, ...progress };
  if (typeof into === 'object') {
    await mkdir(dirname(into.folder), { recursive: true });
    await assertVacant(into.folder);
    const drained = await drain(order);
    return { ...(await restore({ ...base, folder: into.folder })), putAside: undefined, drained };
  }
  if (box.isElsewhere)
    throw backupError(
      'HALE_PLATFORM_BACKUP_ELSEWHERE',
      `${box.database} is run by somebody else: it has no place here`,
    );
  const home = await reachableHome(engine.runAs, homeOf(order.root, box.database));
  const seat = chooseSeat(home, box.cluster, order.memory);
  const { pgdata } = seat.place;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await assertMayReplace(home, into);
  const drained = await drain(order);
  const suffix = `before-${Math.floor(clock.wall())}`;
  const folder = `${pgdata}.restored`;
  // Whole, and never moved in: whoever did that was killed just then.
  if (await exists(folder)) await rename(folder, `${folder}.${suffix}`);
  const restored = await restore({ ...base, folder, inspect: (connect) => marry(connect, home, engine) });
  const putAside = await moveIn(home, { ...seat, suffix, folder });
  const begins = box.cluster ? { begins: { ordinal: seat.place.ordinal, term: seat.term } } : {};
  return {
    ...restored,
    folder: pgdata,
    putAside: putAside.get(pgdata) ?? [...putAside.values()][0],
    drained,
    ...begins,
  };
}

/** What only the spool has goes to the store first; where a receiver runs on it, that is what it does each second by itself. */
async function drain({ root, box }: HomeOrder): Promise<number> {
  try {
    const place = { root, database: box.database, errand: 'log' } as const;
    return await whileOccupied(place, () => drainSpool(box.vault, box.spool));
  } catch (error) {
    if (isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_FOLLOWED') return 0;
    throw error;
  }
}

async function assertMayReplace(home: string, into: 'new' | 'replace'): Promise<void> {
  const folders = (await readdir(home)).filter(isDataFolder).map((name) => join(home, name));
  for (const folder of folders) {
    if ((await findProcesses(folder)).length > 0)
      throw backupError('HALE_PLATFORM_BACKUP_RUNNING', `a database runs on ${folder}: nothing was touched`);
  }
  if (into === 'new') for (const folder of folders) await assertVacant(folder);
}

/** The database gets the password of the file that stands beside it; a new one where there is none. */
async function marry(
  connect: (database: string) => Promise<pg.Client>,
  home: string,
  engine: RecoveryEngine,
): Promise<void> {
  const known = readPassword(home);
  const password = known ?? randomBytes(24).toString('base64url');
  const client = await connect('postgres');
  try {
    await client.query(`alter role ${superuser} with password ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
  if (known !== undefined) return;
  const file = join(home, 'password');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (engine.runAs.kind === 'user') await chown(file, engine.runAs.uid, engine.runAs.gid);
}

function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}
