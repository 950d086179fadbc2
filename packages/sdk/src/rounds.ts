// A call with all its tries: whom to ring, whether to ring again, when to stop. Safe to repeat is anything that was surely not sent
// or not begun (x-hale-refused); and, before an answer began, idempotent methods or calls with an Idempotency-Key. Every
// repetition is paid for twice: out of this client's budget, and out of the purse that the whole tree of calls shares.
import { type Clock, isHaleError } from '@hale/base';
import { createRetryPurse, type Refusal, type RetryBudget, type RetryPurse, type TryEnd } from '@hale/resilience';
import { Attempt, isUnsendable, type Tried } from './attempt.ts';
import type { Choice, Chooser } from './chooser.ts';
import { type ClientPolicies, type Judged, verdictOf } from './client-policy.ts';
import { sdkError } from './errors.ts';
import { headersOfTry, type Outbound } from './outbound.ts';
import { retryAfterMs, waitBeforeRetry } from './pacing.ts';
import type { PatienceList } from './patience-list.ts';
import type { Reply } from './reply.ts';
import { Ride } from './ride.ts';
import { urlVariable } from './surroundings.ts';
import type { Wire } from './wire.ts';

/** What the calls of one client share. */
export interface Exchange {
  readonly service: string;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly chooser: Chooser;
  readonly patience: PatienceList;
  readonly budget: RetryBudget;
  readonly policies: ClientPolicies;
}

export interface RoundsSettings {
  readonly triesMax: number;
  readonly answerBytesMax: number;
}

/** Answers of a replica or a proxy that could not serve: another replica may. */
const repeatableStatuses = new Set([502, 503, 504]);

/** Rejects with HALE_SDK_*, or with the reason of whoever gave the call up. */
export async function place(call: Outbound, exchange: Exchange, settings: RoundsSettings): Promise<Reply> {
  const ride = new Ride(call);
  try {
    const reply = await new Rounds({ call, exchange, settings, ride }).run();
    ride.release();
    return reply;
  } catch (error) {
    ride.end();
    throw error;
  }
}

interface Round extends Judged {
  readonly choice: Choice;
  readonly attempt: Attempt;
  readonly end: TryEnd;
}

class Rounds {
  private readonly call: Outbound;
  private readonly exchange: Exchange;
  private readonly settings: RoundsSettings;
  private readonly ride: Ride;
  private readonly purse: RetryPurse;
  private tries = 0;
  private last: Round | undefined = undefined;
  /** Rung by now and not to be rung by the other leg of a hedged try. */
  private ringing: Choice | undefined = undefined;

  constructor(parts: { call: Outbound; exchange: Exchange; settings: RoundsSettings; ride: Ride }) {
    this.call = parts.call;
    this.exchange = parts.exchange;
    this.settings = parts.settings;
    this.ride = parts.ride;
    this.purse = parts.call.inbound?.purse ?? createRetryPurse(parts.settings.triesMax - 1);
  }

  async run(): Promise<Reply> {
    const { call, exchange } = this;
    for (;;) {
      const round = await this.ring();
      if (round === undefined) return this.settle(this.last!);
      if (round.end === 'ok') exchange.budget.deposit();
      if (round.end === 'ok' || !this.mayRepeat(round.tried)) return this.settle(round);
      const waitMs = this.waitFor(round);
      if (exchange.clock.mono() + waitMs >= call.dueMs) return this.settle(round);
      const plan = this.purse.plan(exchange.budget, round.end, refusalOf(round));
      // Also of a purse that was closed: nobody above shall do what was not allowed here.
      call.inbound?.tellSpent();
      if (plan !== 'retry') return this.settle(round);
      if (round.tried.kind === 'reply') void round.tried.reply.discard();
      this.last = round;
      if (waitMs > 0) await this.pause(waitMs);
    }
  }

  /** One try under the policies; undefined when they end a series of tries. */
  private async ring(): Promise<Round | undefined> {
    const { call, exchange, ride, last } = this;
    ride.check();
    this.tries++;
    this.ringing = last?.choice;
    try {
      const round = await exchange.policies.run(call, () => ride.signal, this.tryOnce);
      ride.carry(round.attempt);
      ride.check();
      return round;
    } catch (error) {
      if (!isHaleError(error) || !error.code.startsWith('HALE_RESILIENCE_')) throw error;
      if (last !== undefined) return undefined;
      throw sdkError('HALE_SDK_CALL_REFUSED', `${call.method} ${call.path} was not sent: ${error.message}`, {
        ...{ cause: error, retriable: true, details: error.details },
      });
    } finally {
      if (last !== undefined) exchange.budget.settled();
    }
  }

  /** To the head of its answer. */
  private readonly tryOnce = async (signal: AbortSignal | undefined): Promise<Round> => {
    const { call, exchange, purse } = this;
    const leftMs = call.dueMs - exchange.clock.mono();
    const choice = leftMs > 0 ? exchange.chooser.choose(this.ringing) : undefined;
    if (choice === undefined) throw this.last === undefined ? this.noRound() : this.failure(this.last);
    this.ringing = choice;
    const lent = purse.lend();
    const attempt = this.attemptOf(choice, Math.min(leftMs, call.tryTimeoutMs));
    const leave = () => attempt.giveUp(overtaken);
    signal?.addEventListener('abort', leave);
    const tried = await this.dispatch(attempt, { choice, lent, leftMs: Math.min(leftMs, call.tryTimeoutMs) });
    signal?.removeEventListener('abort', leave);
    const end = endOf(tried);
    purse.settle(lent, end, tried.kind === 'reply' ? tried.retriesSpent : 0);
    call.inbound?.tellSpent();
    // Thrown, not judged: that the caller has left says nothing about the service.
    this.ride.check();
    const goesOn = this.tries === 1 && this.mayRepeat(tried) && exchange.chooser.hasOther(choice);
    return { choice, attempt, tried, end, verdict: verdictOf(tried, goesOn) };
  };

  private attemptOf(choice: Choice, leftMs: number): Attempt {
    const { exchange, settings, call, ride } = this;
    const { patience, clock } = exchange;
    const due = { headDueMs: clock.mono() + leftMs, wholeDueMs: call.dueMs };
    const attempt = new Attempt({ choice, patience, ...due, bytesMax: settings.answerBytesMax });
    ride.carry(attempt);
    return attempt;
  }

  private async dispatch(
    attempt: Attempt,
    now: { readonly choice: Choice; readonly lent: number; readonly leftMs: number },
  ): Promise<Tried> {
    const { path, method, body } = this.call;
    const headers = headersOfTry(this.call, { leftMs: now.leftMs, retriesLeft: now.lent });
    const pool = this.exchange.wire.poolOf(now.choice.origin);
    const request = { path, method, headers, body };
    if (pool instanceof Promise) (await pool).dispatch(request, attempt);
    else pool.dispatch(request, attempt);
    const tried = await attempt.tried;
    if (tried.kind === 'error' && isUnsendable(tried.error))
      throw sdkError('HALE_SDK_CLIENT_INVALID', `the call cannot be sent: ${tried.error.message}`, {
        cause: tried.error,
      });
    return tried;
  }

  private mayRepeat(tried: Tried): boolean {
    if (this.tries >= this.settings.triesMax) return false;
    if (this.call.isRepeatable) return true;
    return tried.kind === 'error' ? tried.unsent : tried.refused !== undefined;
  }

  private waitFor({ choice, tried, end }: Round): number {
    const { tries } = this;
    const hasOther = this.exchange.chooser.hasOther(choice);
    const askedMs = tried.kind === 'reply' ? retryAfterMs(tried.reply.headers, this.exchange.clock) : undefined;
    return waitBeforeRetry({ tries, hasOther, askedMs, isHarmless: end === 'unsent' });
  }

  private async pause(ms: number): Promise<void> {
    const { ride, exchange } = this;
    await new Promise<void>((resolve) => {
      const timer = exchange.clock.after(ms, resolve);
      ride.carry({
        giveUp: () => {
          timer.cancel();
          resolve();
        },
      });
    });
    ride.check();
  }

  private settle(round: Round): Reply {
    const { tried } = round;
    if (tried.kind === 'error') throw this.failure(round);
    if (tried.reply.degraded !== undefined) this.call.inbound?.degraded(tried.reply.degraded);
    return tried.reply;
  }

  private noRound(): Error {
    const { call, exchange } = this;
    const { service } = exchange;
    if (call.dueMs <= exchange.clock.mono()) return this.failed('HALE_SDK_CALL_TIMEOUT', 'no time was left', undefined);
    return sdkError('HALE_SDK_NO_REPLICA', `no address of ${service} is known (${urlVariable(service)} is not set)`, {
      retriable: true,
      details: { service },
    });
  }

  private failure({ tried }: Round): Error {
    if (tried.kind === 'reply')
      return this.failed('HALE_SDK_CALL_FAILED', `it answered ${tried.reply.status}`, undefined);
    const late = tried.late || this.exchange.clock.mono() >= this.call.dueMs;
    return this.failed(late ? 'HALE_SDK_CALL_TIMEOUT' : 'HALE_SDK_CALL_FAILED', tried.error.message, tried.error);
  }

  private failed(code: 'HALE_SDK_CALL_TIMEOUT' | 'HALE_SDK_CALL_FAILED', why: string, cause: Error | undefined): Error {
    const { method, path } = this.call;
    const how = code === 'HALE_SDK_CALL_TIMEOUT' ? 'was not answered in time' : 'failed';
    const message = `${method} ${path} of ${this.exchange.service} ${how}: ${why}`;
    return sdkError(code, message, { cause, retriable: true });
  }
}

/** One reason for all. */
const overtaken = new Error('another try was faster');

function refusalOf({ tried }: Round): Refusal | undefined {
  return tried.kind === 'reply' ? tried.refused : undefined;
}

function endOf(tried: Tried): TryEnd {
  if (tried.kind === 'reply') return repeatableStatuses.has(tried.reply.status) ? 'failed' : 'ok';
  if (tried.unsent) return 'unsent';
  return tried.late ? 'late' : 'lost';
}
