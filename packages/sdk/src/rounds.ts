// A call with all its tries: whom to ring, whether to ring again, when to stop. Safe to repeat is anything that was surely not sent
// or not begun (x-hale-refused); and, before an answer began, idempotent methods or calls with an Idempotency-Key. Every
// repetition is paid for twice: out of this client's budget, and out of the purse that the whole tree of calls shares.
import type { Clock } from '@hale/base';
import { createRetryPurse, type Refusal, type RetryBudget, type RetryPurse, type TryEnd } from '@hale/resilience';
import { Attempt, isUnsendable, type Tried } from './attempt.ts';
import type { Choice, Chooser } from './chooser.ts';
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

/** Undefined: nobody is there to be rung, or no time is left. */
interface Round {
  readonly choice: Choice;
  readonly tried: Tried;
  readonly end: TryEnd;
}

class Rounds {
  private readonly call: Outbound;
  private readonly exchange: Exchange;
  private readonly settings: RoundsSettings;
  private readonly ride: Ride;
  private readonly purse: RetryPurse;

  constructor(parts: { call: Outbound; exchange: Exchange; settings: RoundsSettings; ride: Ride }) {
    this.call = parts.call;
    this.exchange = parts.exchange;
    this.settings = parts.settings;
    this.ride = parts.ride;
    this.purse = parts.call.inbound?.purse ?? createRetryPurse(parts.settings.triesMax - 1);
  }

  async run(): Promise<Reply> {
    const { call, exchange, settings } = this;
    let last: Round | undefined;
    for (let tries = 1; ; tries++) {
      const round = await this.ring(last?.choice);
      if (tries > 1) exchange.budget.settled();
      if (round === undefined) throw last === undefined ? this.noRound() : this.failure(last);
      if (round.end === 'ok') exchange.budget.deposit();
      if (round.end === 'ok' || tries >= settings.triesMax || !this.mayRepeat(round)) return this.settle(round);
      const waitMs = this.waitFor(round, tries);
      if (exchange.clock.mono() + waitMs >= call.dueMs) return this.settle(round);
      if (this.purse.plan(exchange.budget, round.end, refusalOf(round)) !== 'retry') return this.settle(round);
      call.inbound?.tellSpent();
      if (round.tried.kind === 'reply') void round.tried.reply.discard();
      if (waitMs > 0) await this.pause(waitMs);
      last = round;
    }
  }

  /** One try, to the head of its answer. */
  private async ring(avoid: Choice | undefined): Promise<Round | undefined> {
    const { call, exchange, purse, ride } = this;
    ride.check();
    const leftMs = call.dueMs - exchange.clock.mono();
    const choice = leftMs > 0 ? exchange.chooser.choose(avoid) : undefined;
    if (choice === undefined) return undefined;
    const lent = purse.lend();
    const tried = await this.dispatch(choice, { lent, leftMs: Math.min(leftMs, call.tryTimeoutMs) });
    const end = endOf(tried);
    purse.settle(lent, end, tried.kind === 'reply' ? tried.retriesSpent : 0);
    call.inbound?.tellSpent();
    ride.check();
    return { choice, tried, end };
  }

  private async dispatch(choice: Choice, now: { readonly lent: number; readonly leftMs: number }): Promise<Tried> {
    const { call, exchange, settings, ride } = this;
    const { patience, wire, clock } = exchange;
    const { path, method, body, dueMs } = call;
    const headers = headersOfTry(call, { leftMs: now.leftMs, retriesLeft: now.lent });
    const headDueMs = clock.mono() + now.leftMs;
    const bytesMax = settings.answerBytesMax;
    const attempt = new Attempt({ choice, patience, headDueMs, wholeDueMs: dueMs, bytesMax });
    ride.carry(attempt);
    const pool = wire.poolOf(choice.origin);
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

  private mayRepeat({ tried }: Round): boolean {
    if (this.call.isRepeatable) return true;
    return tried.kind === 'error' ? tried.unsent : tried.refused !== undefined;
  }

  private waitFor({ choice, tried, end }: Round, tries: number): number {
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

function refusalOf({ tried }: Round): Refusal | undefined {
  return tried.kind === 'reply' ? tried.refused : undefined;
}

function endOf(tried: Tried): TryEnd {
  if (tried.kind === 'reply') return repeatableStatuses.has(tried.reply.status) ? 'failed' : 'ok';
  if (tried.unsent) return 'unsent';
  return tried.late ? 'late' : 'lost';
}
