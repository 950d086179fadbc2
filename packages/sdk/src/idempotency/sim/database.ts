// PostgreSQL in small: transactions, advisory locks that die with them, a primary key, an idle lease, commits that take their time. It keeps
// only what the proof needs, and errs on the nasty side: a commit may be under way for seconds while its client has long lost the
// connection, and a crash may or may not have kept it.
import type { Rng } from '@hale/base';
import type { Answer, Claim, Claimed, Holder, Kept, StoredRecord } from '../store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Planted faults of the canaries: each breaks one thing that the proof stands on. */
export type Bug =
  | 'two-commits' // the record is committed after the effect, not with it
  | 'no-guard' // neither the lock nor the primary key holds
  | 'no-lock' // the lock does not hold; the primary key does
  | 'early-answer' // the answer leaves before the commit
  | 'no-lease'; // a silent owner is never ended

export interface Effect {
  readonly key: string;
  readonly attempt: number;
}

/** One connection with one transaction on it. */
export interface Session {
  readonly number: number;
  state: 'open' | 'committing' | 'ended';
  committed: boolean;
  readonly effects: Effect[];
  record: { readonly id: string; readonly record: StoredRecord } | undefined;
  key: string | undefined;
  label: string | undefined;
  touchedMs: number;
}

export interface SimDatabase {
  readonly effects: readonly Effect[];
  isUp: boolean;
  open(): Session;
  claim(session: Session, claim: Claim): Claimed;
  holder(session: Session, claim: Claim): Holder;
  effect(session: Session, effect: Effect): void;
  /** Calls back, at once or when another's insert of the same key is decided. */
  keep(
    session: Session,
    kept: { readonly claim: Claim; readonly answer: Answer },
    done: (kept: Kept | Error) => void,
  ): void;
  touch(session: Session): void;
  /** Calls back when the commit is visible (or failed). It goes on even if nobody listens any more. */
  commit(session: Session, done: (error: Error | undefined) => void): void;
  end(session: Session): void;
  /** Every open transaction ends; of those under commit some were kept. Down until `restartMs` has passed. */
  crash(restartMs: number): void;
}

export function createSimDatabase(given: {
  readonly time: VirtualTime;
  readonly rng: Rng;
  readonly leaseMs: number;
  readonly bug: Bug | undefined;
}): SimDatabase {
  const { time, rng, leaseMs, bug } = given;
  const sessions = new Set<Session>();
  const records = new Map<string, StoredRecord>();
  const effects: Effect[] = [];
  let next = 1;
  const alive = (session: Session) => {
    if (session.state === 'ended') throw new Error('terminating connection');
    session.touchedMs = time.nowMs;
  };
  const lease = (session: Session) => {
    if (bug === 'no-lease') return;
    // A millisecond more: the sum of fractions may fall just short of the lease, for ever.
    time.after(session.touchedMs + leaseMs - time.nowMs + 1, () => {
      if (session.state === 'ended') return;
      // A session that is at work is not idle.
      if (session.state === 'committing' || time.nowMs - session.touchedMs < leaseMs) {
        if (session.state === 'committing') session.touchedMs = time.nowMs;
        lease(session);
      } else database.end(session);
    });
  };
  const apply = (session: Session) => {
    if (session.committed) return;
    session.committed = true;
    effects.push(...session.effects);
    if (session.record !== undefined) records.set(session.record.id, session.record.record);
  };
  const heldBy = (key: string) => [...sessions].find((session) => session.key === key);
  const database: SimDatabase = {
    effects,
    isUp: true,
    open() {
      const session: Session = {
        ...{ number: next++, state: 'open', committed: false, effects: [], touchedMs: time.nowMs },
        ...{ record: undefined, key: undefined, label: undefined },
      };
      sessions.add(session);
      lease(session);
      return session;
    },
    claim(session, claim) {
      alive(session);
      session.label = claim.id + claim.fingerprint;
      const mine = heldBy(claim.id) === undefined || bug === 'no-guard' || bug === 'no-lock';
      if (mine) session.key = claim.id;
      return { mine, record: records.get(claim.id) };
    },
    holder(session, claim) {
      alive(session);
      const other = heldBy(claim.id);
      return other === undefined ? 'gone' : other.label === claim.id + claim.fingerprint ? 'same' : 'other';
    },
    effect(session, effect) {
      alive(session);
      session.effects.push(effect);
    },
    keep(session, kept, done) {
      const { claim, answer } = kept;
      const rival = [...sessions].find((one) => one !== session && one.record?.id === claim.id);
      if (session.state === 'ended') done(new Error('terminating connection'));
      else if (rival !== undefined && bug !== 'no-guard') time.after(5, () => database.keep(session, kept, done));
      else if (records.has(claim.id) && bug !== 'no-guard') done('taken');
      else {
        alive(session);
        session.record = { id: claim.id, record: { fingerprint: claim.fingerprint, answer } };
        done('kept');
      }
    },
    touch: alive,
    commit(session, done) {
      if (session.state !== 'open') return done(new Error('terminating connection'));
      session.state = 'committing';
      if (bug === 'two-commits') {
        const { record } = session;
        session.record = undefined;
        apply(session);
        session.committed = false;
        session.effects.length = 0;
        session.record = record;
      }
      // Mostly quick; sometimes a standby is waited for.
      time.after(rng.unit() < 0.1 ? rng.below(3_000) : rng.below(8), () => {
        if (session.state === 'ended') return done(new Error('terminating connection'));
        apply(session);
        database.end(session);
        done(undefined);
      });
    },
    end(session) {
      session.state = 'ended';
      sessions.delete(session);
    },
    crash(restartMs) {
      for (const session of sessions) {
        if (session.state === 'committing' && rng.unit() < 0.5 && bug !== 'two-commits') apply(session);
        database.end(session);
      }
      database.isUp = false;
      time.after(restartMs, () => {
        database.isUp = true;
      });
    },
  };
  return database;
}
