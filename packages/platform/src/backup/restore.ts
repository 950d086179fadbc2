// Giving a database back. The files are laid out beside their destination, the log is put in, a server replays it behind a closed
// door, and only when it has arrived where it was sent, provably, does the folder get its name. Whatever fails before leaves the
// destination as it was; run again, it goes on where it broke off.
//
//   <folder>.restoring/   being restored; thrown away or continued      <folder>   whole, and shut down cleanly
import { chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import type pg from 'pg';
import { clearStrays } from '../postgres/strays.ts';
import { assertArrived } from './arrival.ts';
import { withoutSettings } from './auto-conf.ts';
import { backupError, isDamage } from './errors.ts';
import { createLanes } from './lanes.ts';
import { makeMarkName, withMark } from './marks.ts';
import { type RecoveryEngine, type RunningServer, recover } from './recovery.ts';
import { assertSpace, layOutFiles, writeOwn } from './restore-files.ts';
import { type PlanWish, planRestore, type RestorePlan, takenAway } from './restore-plan.ts';
import type { Target } from './target.ts';
import { manifestKey, type Vault } from './vault.ts';
import { formatSegment, parseLsn, timelineName } from './wal-name.ts';
import { readSegment } from './wal-read.ts';

export type RestoreProgress =
  | {
      readonly phase: 'fetch';
      readonly bytesDone: number;
      readonly bytesTotal: number;
      readonly msLeft: number | undefined;
    }
  /** `share` of the log that was replayed, 0 to 1. */
  | { readonly phase: 'replay'; readonly share: number; readonly msLeft: number | undefined };

export interface RestoreOrder {
  readonly vault: Vault;
  readonly target: Target;
  /** Does not exist, or is empty. */
  readonly folder: string;
  readonly engine: RecoveryEngine;
  readonly clock: Clock;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onChoice?: PlanWish['onChoice'];
  /** Looks at the restored database before it is shut down and handed over. */
  readonly inspect?: (connect: (database: string) => Promise<pg.Client>) => Promise<void>;
}

export interface Restored {
  readonly backup: string;
  readonly folder: string;
  /** Of the log it writes from now on. */
  readonly timeline: number;
  readonly replayedTo: string;
  /** The last commit that it holds (Unix ms). */
  readonly lastTransactionAt: number | undefined;
  /** Until when everything that was committed is in it. */
  readonly completeUntil: number;
  readonly bytes: number;
  readonly bytesFetched: number;
  readonly fetchMs: number;
  readonly replayMs: number;
}

const noteName = 'hale-restore.json';
const lanesCount = 3;

/**
 * Restores to `order.folder` and gives what was reached. Throws HALE_PLATFORM_BACKUP_NOT_EMPTY, _NO_SPACE, _RECOVERY, _END,
 * and all that planRestore throws; HALE_PLATFORM_STORE_*. Meanwhile a sign hangs at the store, so that nobody cleans up there.
 */
export async function restore(order: RestoreOrder): Promise<Restored> {
  const { vault, folder, engine, clock, target, onChoice } = order;
  await assertVacant(folder);
  return withMark(vault, { kind: 'restore', name: makeMarkName(clock), clock }, async () => {
    const plan = await planRestore(vault, target, { major: engine.major, clock, ...(onChoice && { onChoice }) });
    return bringBack(order, plan).catch(async (error: unknown) => {
      const { id } = plan.manifest;
      throw isDamage(error) && (await vault.store.head(manifestKey(id))) === undefined ? takenAway(id) : error;
    });
  });
}

async function bringBack(order: RestoreOrder, plan: RestorePlan): Promise<Restored> {
  const { folder, engine, clock, target } = order;
  const making = `${folder}.restoring`;
  const fresh = await prepare(making, plan);
  const begun = clock.mono();
  const bytesFetched = await fetchAll(order, plan, { making, fresh });
  const fetched = clock.mono();
  const server = await recover({
    ...{ folder: making, engine, clock, target, timeline: plan.timeline },
    onReplay: (lsn) => tellReplay(order, plan, { lsn, sinceMs: clock.mono() - fetched }),
  });
  const reached = await handOver(order, plan, server);
  await rm(join(making, noteName), { force: true });
  // An empty folder of that name was allowed, and is in the way of a rename on some systems.
  await rm(folder, { recursive: true, force: true });
  await rename(making, folder);
  return {
    ...{ backup: plan.manifest.id, folder, ...reached, completeUntil: plan.completeUntil },
    ...{ bytes: plan.manifest.bytes, bytesFetched, fetchMs: fetched - begun, replayMs: clock.mono() - fetched },
  };
}

/** Throws HALE_PLATFORM_BACKUP_NOT_EMPTY. */
export async function assertVacant(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0)
    throw backupError('HALE_PLATFORM_BACKUP_NOT_EMPTY', `${folder} is not empty: nothing was touched`);
}

/** Makes the working folder (true), or takes up an earlier one of the same backup. A folder that is not ours is not touched. */
async function prepare(making: string, plan: RestorePlan): Promise<boolean> {
  const note = JSON.stringify({ backup: plan.manifest.id });
  const found = await readFile(join(making, noteName), 'utf8').catch(() => undefined);
  if (found === note) {
    // Whoever broke off may have left a server at work on it.
    await clearStrays(making);
    return false;
  }
  if (found === undefined) await assertVacant(making);
  else await rm(making, { recursive: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  await writeFile(join(making, noteName), note, { mode: 0o600 });
  return true;
}

async function fetchAll(
  order: RestoreOrder,
  plan: RestorePlan,
  { making, fresh }: { making: string; fresh: boolean },
): Promise<number> {
  const { vault, clock, engine, onProgress = () => {} } = order;
  const { manifest, cluster } = plan;
  const bytesTotal = manifest.bytes + plan.segments.reduce((sum, { filled }) => sum + filled, 0);
  await assertSpace(making, bytesTotal);
  const begun = clock.mono();
  let bytesDone = 0;
  let bytesFetched = 0;
  const onBytes = (bytes: number, fetched: boolean) => {
    bytesDone += bytes;
    if (fetched) bytesFetched += bytes;
    const msLeft = bytesFetched === 0 ? undefined : ((clock.mono() - begun) / bytesDone) * (bytesTotal - bytesDone);
    onProgress({ phase: 'fetch', bytesDone, bytesTotal, msLeft });
  };
  await layOutFiles({ vault, manifest, folder: making, fresh, keep: new Set([noteName]), onBytes });
  const logFolder = join(making, 'pg_wal');
  await mkdir(join(logFolder, 'archive_status'), { recursive: true, mode: 0o700 });
  const lanes = createLanes(lanesCount);
  for (const planned of plan.segments) {
    await lanes.run(async () => {
      const content = await readSegment(vault, planned, cluster);
      // The server reads segments of full length; behind the end there is nothing, which is how it knows the end.
      const whole = Buffer.concat([content, Buffer.alloc(cluster.segmentBytes - content.length)]);
      await writeOwn(logFolder, formatSegment(planned.segment, cluster.segmentBytes), whole);
      onBytes(content.length, true);
    });
  }
  await lanes.drain();
  // All of them, not only those on the way: the server gives its new timeline the first number that has no history here, and a number
  // that was used before would be two logs under one name.
  for (const [timeline, text] of plan.histories) {
    await writeOwn(logFolder, `${timelineName(timeline)}.history`, text);
  }
  const auto = join(making, 'postgresql.auto.conf');
  await writeOwn(making, 'postgresql.auto.conf', withoutSettings(await readFile(auto, 'utf8').catch(() => '')));
  await writeOwn(making, 'recovery.signal', '');
  if (engine.runAs.kind === 'user') await chownAll(making, engine.runAs);
  return bytesFetched;
}

async function handOver(
  { vault, inspect }: RestoreOrder,
  plan: RestorePlan,
  server: RunningServer,
): Promise<Pick<Restored, 'timeline' | 'replayedTo' | 'lastTransactionAt'>> {
  try {
    await assertArrived(vault, plan, server);
    await inspect?.(server.connect);
    const { timeline, replayedTo, lastTransactionAt } = server;
    return { timeline, replayedTo, lastTransactionAt };
  } finally {
    await server.stop();
  }
}

function tellReplay(order: RestoreOrder, plan: RestorePlan, at: { lsn: string; sinceMs: number }): void {
  const [first, last] = [plan.segments[0], plan.segments.at(-1)];
  if (first === undefined || last === undefined) return;
  const start = parseLsn(plan.manifest.startLsn);
  const end = (last.segment.number + 1n) * BigInt(plan.cluster.segmentBytes);
  const share = Math.min(1, Math.max(0, Number(parseLsn(at.lsn) - start) / Number(end - start)));
  const msLeft = share === 0 ? undefined : (at.sinceMs / share) * (1 - share);
  order.onProgress?.({ phase: 'replay', share, msLeft });
}

async function chownAll(folder: string, to: { readonly uid: number; readonly gid: number }): Promise<void> {
  await chown(folder, to.uid, to.gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await chownAll(path, to);
    else if ((await lstat(path)).isFile()) await chown(path, to.uid, to.gid);
  }
}
