// What can befall a database cluster of one host, each as one stroke with an end: killed, frozen, cut off, refused by its disk, or robbed of its waits.
// Done from outside, with signals, limits and SQL; Hale is told nothing. A stroke gives when it began, and when what it struck was gone (killed by
// the stroke, or by Hale when it condemned it); where nothing has to go, both are the moment of the stroke.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Rng } from '@hale/base';
import type { ReplicaView } from '@hale/model';
import type pg from 'pg';
import type { Stroke } from './account.ts';
import { isAlive, strike, withDescendants } from './cage.ts';
import type { Disks } from './small-disks.ts';

const run = promisify(execFile);

export interface Scene {
  readonly primary: ReplicaView;
  readonly standbys: readonly ReplicaView[];
  readonly relays: readonly ReplicaView[];
  readonly controlPid: number | undefined;
  /** A connection to the primary that goes past the relay. */
  readonly direct: pg.Client;
  /** Who is the primary by Hale's own word, now. */
  readonly primaryNow: () => Promise<string | undefined>;
  /** Only in quarters of its own. */
  readonly disks: Disks | undefined;
  readonly rng: Rng;
}

/** What was drawn besides the name is said with it. */
export interface Struck extends Stroke {
  readonly detail?: string;
}

export type Deed = (scene: Scene) => Promise<Struck>;

const condemnedWithinMs = 60_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const pids = (...replicas: readonly (ReplicaView | undefined)[]) =>
  withDescendants(replicas.flatMap((one) => (one?.pid === undefined ? [] : [one.pid])));

export const strokes: Readonly<Record<string, Deed>> = {
  killed: ({ primary }) => strike(pids(primary)),
  'postmaster killed': ({ primary }) => strike(primary.pid === undefined ? [] : [primary.pid]),
  frozen: ({ primary }) => freeze(pids(primary), primary.pid),
  'postmaster frozen': ({ primary }) => freeze(primary.pid === undefined ? [] : [primary.pid], primary.pid),
  async partitioned({ direct, rng }) {
    // Its walsenders stand still: as if no packet came through, in either direction, with the connections still there.
    // Where another stroke has taken the line to it, there is nothing left to hold.
    const { rows } = await direct
      .query<{ pid: number }>('select pid from pg_stat_replication')
      .catch(() => ({ rows: [] }));
    return hold(
      rows.map(({ pid }) => pid),
      200 + rng.below(3_000),
    );
  },
  async canceled({ direct, rng }) {
    const fromMs = performance.now();
    // Also the waits for standbys: what is then called a success has one copy.
    for (let i = 0; i < 20; i++) {
      await direct
        .query(
          `select pg_${rng.below(4) === 0 ? 'terminate' : 'cancel'}_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and state = 'active'`,
        )
        .catch(() => {});
      await pause(rng.below(20));
    }
    return { fromMs, goneMs: performance.now() };
  },
  async 'disk refuses'({ primary }) {
    const fromMs = performance.now();
    // No file may grow past, or be written beyond, its first block: the next piece of the log cannot be written, and PostgreSQL panics.
    for (const pid of pids(primary)) await run('prlimit', ['--pid', String(pid), '--fsize=8192']).catch(() => {});
    return { fromMs, goneMs: await goneMs(primary.pid) };
  },
  'standby killed': ({ standbys, rng }) => strike(pids(standbys[rng.below(standbys.length)])),
  'standby frozen'({ standbys, rng }) {
    return hold(pids(standbys[rng.below(standbys.length)]), 200 + rng.below(2_000));
  },
  'both standbys killed': ({ standbys }) => strike(pids(...standbys)),
  'primary and standby killed': ({ primary, standbys, rng }) =>
    strike(pids(primary, standbys[rng.below(standbys.length)])),
  'all killed': ({ primary, standbys }) => strike(pids(primary, ...standbys)),
  'primary and control killed': ({ primary, controlPid }) =>
    strike([...(controlPid === undefined ? [] : [controlPid]), ...pids(primary)]),
  'relay killed': ({ relays, rng }) => strike(pids(relays[rng.below(Math.max(1, relays.length))])),
};

async function freeze(all: readonly number[], pid: number | undefined): Promise<Stroke> {
  const fromMs = performance.now();
  for (const one of all) signal(one, 'SIGSTOP');
  return { fromMs, goneMs: await goneMs(pid) };
}

/** Stands still for a while and goes on, unless somebody ended it. */
async function hold(all: readonly number[], ms: number): Promise<Stroke> {
  const fromMs = performance.now();
  for (const one of all) signal(one, 'SIGSTOP');
  await pause(ms);
  for (const one of all) signal(one, 'SIGCONT');
  return { fromMs, goneMs: performance.now() };
}

async function goneMs(pid: number | undefined): Promise<number> {
  const endMs = performance.now() + condemnedWithinMs;
  while (pid !== undefined && isAlive(pid)) {
    if (performance.now() > endMs)
      throw new Error(`${pid} was struck, and nobody ended it within ${condemnedWithinMs} ms`);
    await pause(2);
  }
  return performance.now();
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}
