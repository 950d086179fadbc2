// The line to one node of a database cluster: one connection that stays open, because in a failover every new one costs more than
// the question. It asks what the node is, and remembers the answer; a line that breaks is opened again by the next question.
import type { Clock } from '@hale/base';
import type { DatabaseObservation } from '@hale/model';
import pg from 'pg';
import type { Badge } from './badge.ts';
import { postgresUrl } from './connection.ts';
import { noteShare, type Share, unsharedMsOf } from './node-share.ts';

export interface NodeLink {
  /** Asks one question. Rejects when it is not answered within `timeoutMs`; then the line is given up. */
  ask<Row extends pg.QueryResultRow>(question: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** What it said last, or what can be known without asking. */
  state(): DatabaseObservation;
  look(): Promise<DatabaseObservation>;
  close(): void;
}

interface Answer extends pg.QueryResultRow {
  readonly standby: boolean;
  readonly log_end: string;
  readonly receiver: string | null;
  readonly lag_ms: string | null;
  readonly shared_end: string | null;
}

/** Whose word a primary counts, by the names that they report under, and of how many it takes. */
export interface Copies {
  readonly names: readonly string[];
  readonly needed: number;
}

const timeoutMs = 2_000;

/** `greatest`: a receiver that begins anew counts from the start of its segment, and all before was replayed by then. */
const question = `
  select pg_is_in_recovery() as standby,
    case when pg_is_in_recovery()
      then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn
      else pg_current_wal_flush_lsn() - '0/0'::pg_lsn end as log_end,
    (select status from pg_stat_wal_receiver) as receiver,
    case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
      then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 end as lag_ms,
    (select flush_lsn - '0/0'::pg_lsn from pg_stat_replication where application_name = any($1) and flush_lsn is not null
      order by flush_lsn desc offset $2::int - 1 limit 1) as shared_end`;

/** `guess` tells the role of a node that cannot be asked yet; `badge` the term that its data is right for; `copies` who copies it in that term. */
export function createNodeLink(options: {
  readonly port: number;
  readonly password: () => string | undefined;
  readonly badge: () => Badge;
  readonly guess: () => DatabaseObservation['role'];
  readonly copies: () => Copies;
  readonly clock: Clock;
  readonly room: () => Promise<DatabaseObservation['disk']>;
}): NodeLink {
  let share: Share | undefined;
  let saidAt: number | undefined;
  let client: Promise<pg.Client> | undefined;
  let known: Omit<DatabaseObservation, 'term'> | undefined;

  const open = () => {
    const password = options.password();
    const line = new pg.Client({
      connectionString: postgresUrl({ port: options.port, password: password ?? '' }),
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'hale',
    });
    const lost = () => {
      if (client === opened) client = undefined;
    };
    line.on('error', lost);
    line.on('end', lost);
    const opened = line.connect().then(
      () => line,
      (error: unknown) => {
        lost();
        throw error;
      },
    );
    client = opened;
    return opened;
  };
  const giveUp = () => {
    const old = client;
    client = undefined;
    void old?.then(
      (line) => line.end().catch(() => {}),
      () => {},
    );
  };
  const ask = async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) => {
    const line = await (client ?? open());
    try {
      return (await line.query<Row>(text, [...values])).rows[0];
    } catch (error) {
      // What the server said leaves the line whole; anything else may have left an answer on it that is not ours.
      if (!(error instanceof pg.DatabaseError)) giveUp();
      throw error;
    }
  };
  const state = (): DatabaseObservation => {
    const unknown = { role: options.guess(), logEnd: 0, streaming: false, lagMs: undefined };
    const ago = saidAt === undefined ? {} : { agoMs: Math.round(options.clock.mono() - saidAt) };
    return { ...(known ?? unknown), ...ago, term: options.badge().term };
  };
  const take = (answer: Answer, { disk, atMs }: { disk: DatabaseObservation['disk']; atMs: number }) => {
    const logEnd = Number(answer.log_end ?? 0);
    const sharedEnd = answer.shared_end === null ? undefined : Number(answer.shared_end);
    saidAt = atMs;
    share = answer.standby ? undefined : noteShare(share, { logEnd, sharedEnd, atMs });
    known = {
      role: answer.standby ? 'standby' : 'primary',
      logEnd,
      streaming: !answer.standby || answer.receiver === 'streaming',
      lagMs: answer.lag_ms === null ? undefined : Math.max(0, Math.round(Number(answer.lag_ms))),
      ...(share !== undefined && { unsharedMs: unsharedMsOf(share, atMs) }),
      ...(disk !== undefined && { disk }),
    };
  };
  return {
    ask,
    state,
    async look() {
      const { names, needed } = options.copies();
      // What it says was so after it was asked.
      const atMs = options.clock.mono();
      const [answer, disk] = await Promise.all([ask<Answer>(question, [names, needed]), options.room()]);
      if (answer !== undefined) take(answer, { disk, atMs });
      return state();
    },
    close: giveUp,
  };
}
