// A vault of paper for tests of schedules: backups without a database, log without content, and somebody who does something of his own
// just before one request of another. Whoever reads is run once for each moment at which he can be disturbed.
import assert from 'node:assert/strict';
import type { Clock } from '@hale/base';
import { createVirtualClock, tries, type VirtualClock } from '@hale/base/testing';
import type { ObjectStore } from '@hale/ports';
import { createMemoryStore, type MemoryStore } from '@hale/ports/testing';
import { openShelf } from './chunk-shelf.ts';
import type { BackupManifest } from './manifest.ts';
import { claimVault, manifestKey, openVault, putSealed, type Vault } from './vault.ts';
import { formatLsn } from './wal-name.ts';
import { putHistory, putSegment } from './wal-shelf.ts';

export const segmentBytes = 1024;

export interface PaperBackup {
  readonly id: string;
  readonly endedAt: number;
  readonly timeline?: number;
  /** Places in the log. */
  readonly start: number;
  readonly stop: number;
}

export interface PaperVault {
  readonly clock: VirtualClock;
  /** It passes as soon as somebody waits. */
  readonly hurried: Clock;
  readonly store: MemoryStore;
  readonly vault: Vault;
  backUp(backup: PaperBackup): Promise<void>;
  /** Whole segments, each complete until `stamp`. */
  log(timeline: number, numbers: readonly number[], stamp: number): Promise<void>;
  /** `forks`: [timeline, where it was left] of each ancestor. */
  fork(timeline: number, forks: readonly (readonly [number, number])[]): Promise<void>;
}

export const backupId = (n: number) => `202611${String(n).padStart(2, '0')}T000000Z-aaaaaa`;

export async function createPaperVault(): Promise<PaperVault> {
  const clock = createVirtualClock();
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  await claimVault(vault, { systemIdentifier: '7', segmentBytes });
  const hurried: Clock = {
    ...clock,
    after(ms, then) {
      const timer = clock.after(ms, then);
      setImmediate(() => clock.advance(ms));
      return timer;
    },
  };
  return {
    ...{ clock, hurried, store, vault },
    async backUp(backup) {
      await putSealed(vault, manifestKey(backup.id), {
        content: Buffer.from(JSON.stringify(await pack(vault, backup))),
        stamp: backup.endedAt,
      });
    },
    async log(timeline, numbers, stamp) {
      for (const number of numbers) {
        const segment = { timeline, number: BigInt(number) };
        await putSegment(vault, { segment, content: new Uint8Array(segmentBytes), stamp, segmentBytes });
      }
    },
    async fork(timeline, forks) {
      const lines = forks.map(([ancestor, until]) => `${ancestor}\t${formatLsn(BigInt(until))}\tx\n`);
      await putHistory(vault, timeline, Buffer.from(lines.join('')));
    },
  };
}

async function pack(vault: Vault, { id, endedAt, timeline = 1, start, stop }: PaperBackup): Promise<BackupManifest> {
  const content = Buffer.from(`the files of ${id}, which are no others'`);
  const shelf = await openShelf(vault);
  await shelf.put(0, content);
  const chunks = await shelf.finish();
  const file = (path: string) => ({
    path,
    size: content.length,
    sha256: '',
    slices: [[0, 0, content.length]] as const,
  });
  return {
    ...{
      format: 1,
      id,
      label: id,
      startedAt: endedAt,
      endedAt,
      systemIdentifier: '7',
      versionNumber: 180_000,
      timeline,
    },
    ...{ startLsn: formatLsn(BigInt(start)), stopLsn: formatLsn(BigInt(stop)), segmentBytes, dataChecksums: true },
    ...{ folders: [], files: ['backup_label', 'global/pg_control', 'PG_VERSION'].map(file), chunks },
    ...{ bytes: content.length * 3, newBytes: shelf.newBytes() },
  };
}

/** `store`, but before the request with that number (from 1 on) `meddle` is done, whole and alone. */
function disturbed(
  store: ObjectStore,
  at: number,
  meddle: () => Promise<void>,
): { store: ObjectStore; was: () => boolean } {
  let asked = 0;
  const first = async () => {
    if (++asked === at) await meddle();
  };
  const after =
    <A extends readonly unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await first();
      return ask(...args);
    };
  return {
    was: () => asked >= at,
    store: {
      ...store,
      get: after(store.get),
      head: after(store.head),
      list: after(store.list),
      putIfAbsent: after(store.putIfAbsent),
      delete: after(store.delete),
    },
  };
}

export interface Disturbance<T> {
  readonly open: () => Promise<PaperVault>;
  readonly read: (vault: Vault, paper: PaperVault) => Promise<T>;
  readonly meddle: (paper: PaperVault) => Promise<void>;
  /** Looks at what was read, or at what was thrown. */
  readonly judge: (read: Promise<T>, paper: PaperVault) => Promise<void>;
}

/** Does it once for each request of the reader, with everything new, until nobody was disturbed; gives how many requests there were. */
export async function atEveryMoment<T>({ open, read, meddle, judge }: Disturbance<T>): Promise<number> {
  // In `npm run check` before every fourth one.
  const stride = 4 / tries(1, 4);
  for (let at = 1; ; at += stride) {
    const paper = await open();
    const hand = disturbed(paper.store, at, () => meddle(paper));
    const reading = read(openVault(hand.store), paper);
    reading.catch(() => {});
    try {
      await judge(reading, paper);
    } catch (cause) {
      throw new Error(`disturbed before request ${at}: ${(cause as Error).message}`, { cause });
    }
    if (!hand.was()) return at - 1;
    assert.ok(at < 500, 'a reader without end');
  }
}
