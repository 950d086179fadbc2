// One errand of a request: a replica chosen, a connection of it borrowed (or a place in line for one), and everything given back at its
// end, however that comes. exchange.ts decides what an errand's end means and whether there is another; the two are one object, because
// a request must not cost more than that.
import { createRetryPurse, type Host, type Refusal, type RetryPurse, type TryEnd } from '@hale/resilience';
import type { Client, Dispatcher } from 'undici';
import { triesAtOnceMax } from './repeatable.ts';
import type { Replica, Service } from './service.ts';
import type { Upstream, Waiter } from './upstream.ts';
import { writeTryWords } from './words.ts';
import type { GatewayWorker } from './worker.ts';

export type Controller = Dispatcher.DispatchController;
export type TryOutcome = 'ok' | 'failed' | 'cancelled';

/** Who sheds has room again soon; who drains is out of the table soon. It is load and leave-taking, not failure: nobody is ejected for it. */
const shedRestMs = 100;
const drainingRestMs = 1000;
/** Who lost its database under a keyed request is as good as any other once there is a new primary; most are there sooner. */
const undonePauseMs = 50;

export abstract class Attempt implements Waiter, Dispatcher.DispatchHandler {
  readonly service: Service;
  protected readonly worker: GatewayWorker;
  protected abstract readonly request: Dispatcher.DispatchOptions & { readonly headers: string[] };
  protected readonly purse: RetryPurse;
  abstract dueMs: number;
  protected host: Host<Replica> | undefined = undefined;
  protected upstream: Upstream | undefined = undefined;
  protected client: Client | undefined = undefined;
  protected controller: Controller | undefined = undefined;
  protected tryStartedMs = 0;
  protected triesAtOnce = 0;
  private isAnswered = false;
  private isPaid = false;
  /** Coins of the purse that went down with this try; -1 when they are settled. */
  private lent = -1;

  constructor(worker: GatewayWorker, service: Service, retriesLeft: number) {
    this.worker = worker;
    this.service = service;
    this.purse = createRetryPurse(retriesLeft);
  }

  /** Whether a lent connection is (still) wanted. */
  protected abstract get isTrying(): boolean;

  /** Sets off to `host`; false when even its line is full. */
  protected setOff(host: Host<Replica>): boolean {
    const { worker } = this;
    const { upstream } = host.member;
    this.host = host;
    this.upstream = upstream;
    this.controller = undefined;
    this.isAnswered = false;
    this.service.balancer.begin(host);
    upstream.requests++;
    upstream.inFlight++;
    this.tryStartedMs = worker.nowMs;
    this.lent = this.purse.lend();
    const client = upstream.borrow();
    if (client === undefined) return upstream.wait(this);
    this.lend(client, upstream);
    return true;
  }

  lend(client: Client, upstream: Upstream): boolean {
    if (!this.isTrying || this.client !== undefined || this.upstream !== upstream) return false;
    this.client = client;
    writeTryWords(this.request.headers, this.dueMs - this.worker.nowMs, this.lent);
    client.dispatch(this.request, this);
    return true;
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
  }

  /** Whose first byte is awaited. */
  get awaits(): Upstream | undefined {
    return this.isTrying ? this.upstream : undefined;
  }

  get tryAgeMs(): number {
    return this.worker.nowMs - this.tryStartedMs;
  }

  /** Ends a try that undici still works on. */
  protected abandonTry(outcome: 'failed' | 'cancelled'): void {
    const { client, controller, upstream } = this;
    this.client = undefined;
    this.settlePurse(controller === undefined ? 'unsent' : 'late');
    this.endTry(outcome, this.worker.nowMs - this.tryStartedMs);
    if (client === undefined) return;
    if (controller === undefined) {
      upstream?.discard(client);
      return;
    }
    controller.abort(abandoned);
    upstream?.giveBack(client);
  }

  protected endTry(outcome: TryOutcome, latencyMs: number): void {
    const { host, upstream, client } = this;
    if (host === undefined || upstream === undefined) return;
    this.reportAnswered();
    this.settlePurse(outcome === 'ok' ? 'ok' : this.controller === undefined ? 'unsent' : 'lost');
    this.upstream = undefined;
    this.client = undefined;
    this.controller = undefined;
    this.service.balancer.end(host, outcome, latencyMs);
    upstream.inFlight--;
    if (outcome === 'failed') upstream.errors++;
    if (client !== undefined) upstream.giveBack(client);
    if (!this.isPaid) return;
    this.isPaid = false;
    this.service.budget.settled();
  }

  /** Once a try: the replica has given some sign. */
  protected reportAnswered(): void {
    if (this.isAnswered || this.host === undefined) return;
    this.isAnswered = true;
    this.service.balancer.answered(this.host);
  }

  /** Whom to ask: not the one just tried, and nobody who asked to be left alone, where there is another. */
  protected choose(): Host<Replica> | undefined {
    const { balancer } = this.service;
    const first = balancer.pick(this.host);
    if (first === undefined || !this.rests(first)) return first;
    const second = balancer.pick(first);
    return second === undefined || this.rests(second) || second === this.host ? first : second;
  }

  protected hasOther(): boolean {
    const other = this.choose();
    return other !== undefined && other !== this.host && !this.rests(other);
  }

  private rests(host: Host<Replica>): boolean {
    return host.member.upstream.restUntilMs > this.worker.nowMs;
  }

  /** Takes back what the tree below did not spend; once a try, as soon as it is known. */
  protected settlePurse(end: TryEnd, spentBelow = 0): void {
    if (this.lent < 0) return;
    this.purse.settle(this.lent, end, spentBelow);
    this.lent = -1;
  }

  /** A replica would not begin: how long until another is asked, -1 when somebody must come up first; undefined when its word is final. */
  protected pauseAfter(refused: Refusal): number | undefined {
    if (refused === 'undone')
      return this.triesAtOnce < triesAtOnceMax && this.pay('failed', refused) ? undonePauseMs : undefined;
    const isFinal = refused === 'open' || refused === 'retries' || refused === 'deadline';
    if (!isFinal && this.upstream !== undefined)
      this.upstream.restUntilMs = this.worker.nowMs + (refused === 'draining' ? drainingRestMs : shedRestMs);
    const mayAsk = this.triesAtOnce < triesAtOnceMax && this.hasOther();
    // A final word is told to the purse too: it closes it, so that nobody above tries in vain.
    if ((isFinal || mayAsk) && this.pay('failed', refused)) return 0;
    return refused === 'draining' ? -1 : undefined;
  }

  /** Pays for one more try: out of the service's budget and, where work may have been begun, out of the request's purse. */
  protected pay(end: TryEnd, refused?: Refusal): boolean {
    const { budget } = this.service;
    const isPaid = end === 'unsent' ? budget.withdraw() : this.purse.plan(budget, end, refused) === 'retry';
    if (!isPaid) return false;
    this.isPaid = true;
    this.worker.totals.retried++;
    return true;
  }
}

/** One reason for all: making an Error with its stack for each would cost more than the request. */
const abandoned = new Error('abandoned by the gateway');
