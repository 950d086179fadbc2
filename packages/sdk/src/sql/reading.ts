// Reading from a copy, with a bound on how old what is read may be. The measure is exact and needs no clock of another machine: a mark is how far the
// primary's log reached when it was asked; a standby that has replayed past the mark shows everything that was committed until then.
//
// A mark may be as old as the bound and is shared by all who read meanwhile. A standby that lags is asked again for a moment, then the primary reads.
// Without a primary there are no new marks: a bounded read refuses, an unbounded one goes on.

import type { Connections, Line } from './connections.ts';
import { sqlError } from './errors.ts';
import type { Patience } from './patience.ts';
import type { Bench, Transaction } from './transaction.ts';
import { verdictOf } from './verdict.ts';

export interface ReadBench {
  readonly bench: Bench;
  readonly copies: Connections;
}

export interface ReadOrder<T> {
  readonly work: (tx: Transaction) => Promise<T>;
  readonly patience: Patience;
  /** Undefined: any age. */
  readonly stalenessMaxMs: number | undefined;
}

interface Mark {
  readonly position: string;
  /** Mono ms, before it was asked for. */
  readonly askedMs: number;
}

const position = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/;
const looksMax = 5;
const lookEveryMs = 4;
const beginRead = 'begin read only';

/** Whether a standby has replayed past a mark; a primary always has. */
const freshText = (mark: string) =>
  `select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= cast('${mark}' as pg_lsn) as fresh`;

export class Reading {
  private readonly parts: ReadBench;
  private mark: Mark | undefined = undefined;
  private asking: Promise<Mark> | undefined = undefined;

  constructor(parts: ReadBench) {
    this.parts = parts;
  }

  async read<T>(order: ReadOrder<T>): Promise<T> {
    const { bench, copies } = this.parts;
    const { patience, stalenessMaxMs } = order;
    for (let attempt = 1; ; attempt++) {
      // Who was turned away once by the copies does not insist on them.
      const from = attempt % 3 === 0 ? bench.connections : copies;
      try {
        const mark = stalenessMaxMs === undefined ? undefined : await this.markOf(stalenessMaxMs, patience);
        return await this.readOnce(order, { from, mark, attempt });
      } catch (error) {
        if (verdictOf(error) === 'final') throw error;
        if (patience.remainingMs() === 0) throw late(error);
        await patience.pause(10 + bench.rng.unit() * Math.min(500, 10 * 2 ** Math.min(attempt, 8)));
      }
    }
  }

  private async readOnce<T>(
    { work, patience }: ReadOrder<T>,
    by: { readonly from: Connections; readonly mark: Mark | undefined; readonly attempt: number },
  ): Promise<T> {
    const line = await this.takeFresh(by.from, by.mark, patience);
    const { client } = line;
    let isClean = false;
    try {
      const query: Transaction['query'] = (text, values) =>
        values === undefined ? client.query(text) : client.query(text, values);
      const value = await patience.within(work({ client, attempt: by.attempt, query }), () => late(undefined));
      await patience.within(client.query('commit'), () => late(undefined));
      isClean = true;
      return value;
    } catch (error) {
      isClean =
        !line.state.isBroken &&
        patience.remainingMs() > 0 &&
        (await patience.within(client.query('rollback'), () => late(undefined)).then(yes, no));
      throw error;
    } finally {
      line.give(!isClean);
    }
  }

  /** A connection on which a read-only transaction has begun and the mark was passed. */
  private async takeFresh(from: Connections, mark: Mark | undefined, patience: Patience): Promise<Line> {
    const line = await from.take(patience, () => late(undefined));
    const { client } = line;
    try {
      await patience.within(client.query(beginRead), () => late(undefined));
      for (let look = 0; mark !== undefined && look < looksMax; look++) {
        const { rows } = await patience.within(client.query(freshText(mark.position)), () => late(undefined));
        if (rows[0]?.fresh === true) return line;
        await patience.pause(lookEveryMs);
      }
      if (mark === undefined) return line;
      line.give(true);
    } catch (error) {
      line.give(true);
      throw error;
    }
    // It lags: the primary shows everything.
    const primary = await this.parts.bench.connections.take(patience, () => late(undefined));
    try {
      await patience.within(primary.client.query(beginRead), () => late(undefined));
      return primary;
    } catch (error) {
      primary.give(true);
      throw error;
    }
  }

  /** A mark that is no older than the bound. Throws HALE_SDK_SQL_STALE when there is no primary to give one in time. */
  private async markOf(stalenessMaxMs: number, patience: Patience): Promise<Mark> {
    const { clock } = this.parts.bench;
    const known = this.mark;
    if (known !== undefined && clock.mono() - known.askedMs < stalenessMaxMs) return known;
    // One that was asked for before this read came would be too old for it where nothing may be.
    if (stalenessMaxMs === 0) return this.askMark(patience);
    this.asking ??= this.askMark(patience).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async askMark(patience: Patience): Promise<Mark> {
    const { bench } = this.parts;
    const stale = (cause: unknown) =>
      sqlError('HALE_SDK_SQL_STALE', 'no primary could say how fresh the copies are', cause);
    for (let attempt = 1; ; attempt++) {
      const askedMs = bench.clock.mono();
      let line: Line | undefined;
      let isClean = false;
      try {
        line = await bench.connections.take(patience, () => stale(undefined));
        const text = 'select cast(pg_current_wal_flush_lsn() as text) as position';
        const { rows } = await patience.within(line.client.query(text), () => stale(undefined));
        isClean = true;
        const said = String(rows[0]?.position);
        if (!position.test(said)) throw stale(undefined);
        this.mark = { position: said, askedMs };
        return this.mark;
      } catch (error) {
        if (verdictOf(error) === 'final' && (error as { code?: unknown }).code !== '55000') throw error;
        if (patience.remainingMs() === 0) throw stale(error);
        await patience.pause(20 * attempt);
      } finally {
        line?.give(!isClean);
      }
    }
  }
}

const yes = () => true;
const no = () => false;

function late(cause: unknown): Error {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return sqlError('HALE_SDK_SQL_TIMEOUT', `the database did not answer in time${why}`, cause);
}
