// How long a commit takes, and who it waits for: nobody, Hale's receiver, or the receiver that comes with PostgreSQL.
// One client, one commit after another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Yard } from '@hale/platform/testing';

export const commitsMeasured = 500;

export interface Receiver {
  stop(): Promise<void>;
}

/** A thread for Hale's receiver, which is not started yet. */
export interface Stand {
  /** From here on every commit waits for it. */
  waitFor(): Promise<Receiver>;
  leave(): Promise<void>;
}

export function createStand(yard: Yard, { folder, spool }: { folder: string; spool: string }): Stand {
  let thread: Worker | undefined;
  const say = async (word: 'start' | 'stop') => {
    const answered = thread && once(thread, 'message');
    thread?.postMessage(word);
    await answered;
  };
  return {
    async waitFor() {
      const workerData = { url: yard.url(), store: `file:${folder}`, spool };
      if (thread === undefined) thread = new Worker(new URL('./receiver-thread.ts', import.meta.url), { workerData });
      else await say('start');
      await waitFor(yard, 'hale_wal');
      return { stop: () => say('stop') };
    },
    leave: async () => void (await thread?.terminate()),
  };
}

/** PostgreSQL's own program, which flushes what it receives into a folder and says so at once. */
export async function waitForPgReceivewal(
  yard: Yard,
  { bin, folder }: { bin: string; folder: string },
): Promise<Receiver> {
  const name = 'pg_receivewal';
  const address = new URL(yard.url());
  address.searchParams.set('application_name', name);
  mkdirSync(folder, { recursive: true });
  const argv = ['--directory', folder, '--dbname', address.href, '--synchronous', '--no-loop'];
  const child = spawn(join(bin, name), argv, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await waitFor(yard, name);
  return {
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

export async function waitForNobody(yard: Yard): Promise<void> {
  await yard.query('alter system reset synchronous_standby_names');
  await yard.query('select pg_reload_conf()');
  await yard.until(
    'nobody is waited for',
    async () => (await yard.query('show synchronous_standby_names')).rows[0]?.['synchronous_standby_names'] === '',
  );
}

async function waitFor(yard: Yard, name: string): Promise<void> {
  await yard.query(`alter system set synchronous_standby_names = '${name}'`);
  await yard.query('select pg_reload_conf()');
  const isSync = `select 1 from pg_stat_replication where application_name = '${name}' and sync_state = 'sync'`;
  await yard.until('it is the synchronous one', async () => ((await yard.query(isSync)).rowCount ?? 0) > 0);
}

/** In milliseconds; rows from `from` on are written into `ledger`. */
export async function commitP50(yard: Yard, from: number): Promise<number> {
  const client = await yard.client();
  const took: number[] = [];
  for (let id = from; id < from + commitsMeasured; id++) {
    const began = yard.clock.mono();
    await client.query('insert into ledger values ($1)', [id]);
    took.push(yard.clock.mono() - began);
  }
  await client.end();
  return median(took);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
