// The simulated database behind the real port: every statement crosses a network that is slow, or breaks before or after the statement was
// carried out, which is the difference that an unknown commit is made of.
import type { Rng } from '@hale/base';
import type { IdempotencyStore, Kept } from '../store.ts';
import type { Bug, Effect, Session, SimDatabase } from './database.ts';
import type { SimProcess } from './process.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SimStore extends IdempotencyStore<Session> {
  effect(session: Session, effect: Effect): Promise<void>;
}

interface Given {
  readonly time: VirtualTime;
  readonly rng: Rng;
  readonly database: SimDatabase;
  readonly process: SimProcess;
  readonly leaseMs: number;
  readonly bug: Bug | undefined;
  /** Chance that a statement's connection breaks. */
  readonly breakage: () => number;
  /** Called at each point where a process could die: a statement sent, carried out, answered. */
  readonly step: (process: SimProcess) => void;
}

export function createSimStore(given: Given): SimStore {
  const { database, process, leaseMs, bug } = given;
  const at = <T>(session: Session, run: (done: (outcome: T | Error) => void) => void) => cross(given, session, run);
  const now =
    <T>(run: () => T) =>
    (done: (outcome: T | Error) => void) =>
      done(run());
  return {
    leaseMs,
    async transact(work) {
      const session = await at<Session>(undefined!, (done) => done(database.open()));
      process.sessions.add(session);
      try {
        const result = await work(session);
        const committing = at<true>(session, (done) => database.commit(session, (error) => done(error ?? true)));
        if (bug === 'early-answer') committing.catch(() => {});
        else await committing;
        return result;
      } catch (error) {
        await at<true>(session, (done) => {
          if (session.state === 'open') database.end(session);
          done(true);
        }).catch(() => {});
        throw error;
      } finally {
        process.sessions.delete(session);
      }
    },
    claim: (session, claim) =>
      at(
        session,
        now(() => database.claim(session, claim)),
      ),
    holder: (session, claim) =>
      at(
        session,
        now(() => database.holder(session, claim)),
      ),
    keep: (session, claim, { answer }) => at<Kept>(session, (done) => database.keep(session, { claim, answer }, done)),
    effect: (session, effect) =>
      at(
        session,
        now(() => database.effect(session, effect)),
      ),
    beat: (session) =>
      at(
        session,
        now(() => database.touch(session)),
      ),
    isAlive: (session) =>
      at(
        session,
        now(() => database.touch(session)),
      ).then(
        () => true,
        () => false,
      ),
    fencingToken: async (session) => String(session.number),
    prune: async () => 0,
  };
}

function cross<T>(
  given: Given,
  session: Session | undefined,
  run: (done: (outcome: T | Error) => void) => void,
): Promise<T> {
  const { time, rng, database, process, step } = given;
  const fate = rng.unit() < given.breakage() ? (rng.unit() < 0.5 ? 'before' : 'after') : 'whole';
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const answer = (outcome: T | Error) => {
    time.after(1 + rng.below(4), () => {
      step(process);
      process.deliver(() => (outcome instanceof Error ? reject(outcome) : resolve(outcome as T)));
    });
  };
  step(process);
  time.after(1 + rng.below(4), () => {
    if (!database.isUp) return answer(new Error('ECONNREFUSED'));
    const lost = new Error('ECONNRESET');
    const close = () => {
      if (session?.state === 'open') database.end(session);
    };
    if (fate === 'before') {
      close();
      return answer(lost);
    }
    try {
      run((outcome) => {
        if (fate === 'whole') answer(outcome);
      });
    } catch (error) {
      return answer(error as Error);
    }
    step(process);
    // The reply is lost on its way: what was begun goes on, and a commit is not stopped by a closed connection.
    if (fate === 'after') {
      close();
      answer(lost);
    }
  });
  return promise;
}
