// One request on its way through the house, with all its tries: it is the undici handler of its current try, the guest of the waiting
// room and the item of the deadline sweep, so that a request costs one object and no closures.
//
//   receiving -> trying -> responding -> done        receiving: a small body is read whole, so that it can be sent again
//        \      ^  |  \________________^              trying: lent a connection (or in line for one), no response byte yet
//         \     |  v                                  held: no replica up
//          `-> held ----> done (503)                  responding: the answer has begun; only finish or sever
//                ^ declined -> pausing -> trying      declined: an answer that is not passed on is read to its end
//
// What may be sent again: anything of which nothing was sent or begun; else only an idempotent method, or a request with a key to a
// service that enforces keys, whose body we still have.
import type { IncomingHttpHeaders } from 'node:http';
import type { Carried, Deadline } from '@hale/resilience';
import type { Dispatcher } from 'undici';
import { refuse } from './answer.ts';
import { Attempt, type Controller } from './attempt.ts';
import { readWhole } from './body.ts';
import type { CallerRequest, CallerResponse } from './caller.ts';
import { type GatewayErrorCode, gatewayErrors } from './errors.ts';
import { originForm, requestHeaders, responseHeaders } from './headers.ts';
import type { Guest } from './hold.ts';
import {
  brokenAtOnceMax,
  brokenMax,
  type Failure,
  isConnectionLost,
  isNotSendable,
  isSafeToRepeat,
  retriesPerRequest,
  triesAtOnceMax,
  tryEnds,
} from './repeatable.ts';
import type { Service } from './service.ts';
import { addKey, addRetriesSpent, addTryWords, comeAgainMs, hasKey, refusalOf, retriesSpentBelow } from './words.ts';
import type { GatewayWorker } from './worker.ts';

type Phase = 'receiving' | 'held' | 'trying' | 'declined' | 'pausing' | 'responding' | 'done';

/** A request as it came in. */
export interface Incoming {
  readonly req: CallerRequest;
  readonly res: CallerResponse;
  readonly carried: Carried;
  /** From outside the system, whose word on its own importance is not taken. */
  readonly isPublic: boolean;
}

export class Exchange extends Attempt implements Deadline, Guest {
  dueMs: number;
  sweepSlot = -1;
  heldBytes = 0;
  private readonly req: CallerRequest;
  private readonly res: CallerResponse;
  private readonly startedMs: number;
  /** By then an answer must have begun. */
  private readonly wholeDueMs: number;
  protected readonly request: Dispatcher.DispatchOptions & { readonly headers: string[] };
  private readonly isPublic: boolean;
  /** It may be done twice without harm, by its method or by its key. */
  private readonly isRepeatable: boolean;
  private readonly isKeyed: boolean;
  private phase: Phase = 'receiving';
  private heldDueMs = 0;
  private broken = 0;
  private waitedMs = 0;
  private status = 0;
  /** After a declined answer: how long to wait before the next try; -1: until somebody else is up. */
  private pauseMs = 0;
  private moved = false;
  /** An earlier try reached a replica that did not answer. */
  private mayHaveBegun = false;

  constructor(worker: GatewayWorker, service: Service, incoming: Incoming) {
    const { req, res, carried, isPublic } = incoming;
    super(worker, service, (isPublic ? undefined : carried.retriesLeft) ?? retriesPerRequest);
    this.req = req;
    this.res = res;
    this.isPublic = isPublic;
    this.startedMs = worker.readClock();
    const { timeoutMs } = worker.limits;
    this.wholeDueMs = this.startedMs + Math.min(timeoutMs, carried.patienceMs ?? timeoutMs);
    this.dueMs = this.wholeDueMs;
    const isIdempotent = isSafeToRepeat(req.method!);
    this.isKeyed = service.isKeyed && !isIdempotent;
    this.isRepeatable = isIdempotent || this.isKeyed;
    const headers = requestHeaders(req, isPublic);
    if (this.isKeyed && !hasKey(req.headers)) addKey(headers, worker.mintKey());
    addTryWords(headers);
    const method = req.method as Dispatcher.HttpMethod;
    this.request = { path: originForm(req.url!), method, headers, body: null, reset: false };
    res.attach(this);
    worker.totals.requests++;
    worker.totals.inFlight++;
    service.tally.requests++;
    worker.sweep.add(this);
  }

  /** Reads a small body whole, leaves a large or unmeasured one to stream, and sets off. */
  start(): void {
    const headers = this.req.headers;
    const length = headers['content-length'];
    if (headers['transfer-encoding'] === undefined) {
      if (length === undefined || length === '0') {
        this.proceed();
        return;
      }
      if (this.worker.mayBuffer(Number(length))) {
        this.receive(Number(length));
        return;
      }
    }
    this.request.body = this.req;
    this.proceed();
  }

  /** The next try: a replica, a connection of it, and off. Also called when the waiting room lets us out. */
  proceed(): void {
    if (this.phase === 'done') return;
    const { worker } = this;
    if (worker.nowMs >= this.wholeDueMs) {
      this.giveUp('HALE_PLATFORM_GATEWAY_TIMEOUT');
      return;
    }
    const host = this.choose();
    if (host === undefined) {
      this.park(false);
      return;
    }
    this.phase = 'trying';
    this.triesAtOnce++;
    this.dueMs = Math.min(this.wholeDueMs, worker.nowMs + worker.limits.tryTimeoutMs);
    if (!this.setOff(host)) this.giveUp('HALE_PLATFORM_GATEWAY_OVERLOADED');
  }

  protected get isTrying(): boolean {
    return this.phase === 'trying';
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders, text?: string): void {
    if (status < 200) {
      this.res.inform(status, headers);
      return;
    }
    const { worker, res, req } = this;
    const nowMs = worker.readClock();
    this.waitedMs = nowMs - this.tryStartedMs;
    this.reportAnswered();
    this.status = status;
    this.settlePurse(status === 502 || status === 503 || status === 504 ? 'failed' : 'ok', retriesSpentBelow(headers));
    if ((status === 503 || status === 409) && this.isDeclined(headers)) {
      this.phase = 'declined';
      return;
    }
    this.dueMs = nowMs + worker.limits.timeoutMs;
    const length = headers['content-length'];
    const fields = responseHeaders(headers, length === undefined && res.mayTrail(status));
    if (!this.isPublic) addRetriesSpent(fields, this.purse.spent);
    const isLast = worker.isDraining || (this.request.body === req && !req.complete);
    res.begin({ status, text, fields, length, isLast });
    this.phase = 'responding';
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.phase === 'declined') return;
    this.moved = true;
    if (this.res.take(chunk)) return;
    controller.pause();
    this.res.onceDrained(() => {
      this.moved = true;
      controller.resume();
    });
  }

  onResponseEnd(_controller: Controller, trailers: IncomingHttpHeaders): void {
    const { res, worker } = this;
    if (this.phase === 'declined') {
      this.endTry(this.status === 409 ? 'ok' : 'cancelled', this.waitedMs);
      this.goOn();
      return;
    }
    this.endTry(this.status < 500 ? 'ok' : 'failed', this.waitedMs);
    if (this.status < 500) this.service.budget.deposit();
    else this.countFailed();
    this.service.tally.latency.add(worker.nowMs - this.startedMs);
    this.settle();
    worker.outbox.post(res, trailers);
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.client === undefined) return;
    // Not here and now: undici is in the middle of failing its whole queue.
    queueMicrotask(() => this.tryFailed(error));
  }

  /** The sweep's knock: whatever we were waiting for took too long. */
  onDue(nowMs: number): void {
    const { phase } = this;
    if (phase === 'receiving') this.giveUp('HALE_PLATFORM_GATEWAY_BODY_TIMEOUT');
    else if (phase === 'held') this.giveUp('HALE_PLATFORM_GATEWAY_NONE_UP');
    else if (phase === 'trying') this.tryTimedOut(nowMs);
    else if (phase === 'responding') this.checkFlow(nowMs);
    else if (phase === 'declined') this.leaveDeclined();
    else if (phase === 'pausing') this.resume();
  }

  /** The client has left (or its connection was severed under us). */
  clientGone(): void {
    if (this.phase === 'done') return;
    this.abandonTry('cancelled');
    this.settle();
  }

  /** Its replica was taken out of rotation while we wait for it: ask another, where that is safe and one is well. */
  rescue(): void {
    const isWell = this.service.balancer.pick(this.host)?.member.state === 'in';
    if (!isWell || !this.mayRepeat('timeout') || !this.hasOther()) return;
    if (this.service.budget.balance() < 1) return;
    this.abandonTry('failed');
    this.pay('late');
    this.proceed();
  }

  private receive(length: number): void {
    this.heldBytes = length;
    this.worker.bufferedBytes += length;
    readWhole(this.req, (body) => {
      if (this.phase !== 'receiving') return;
      this.request.body = body;
      this.worker.readClock();
      this.proceed();
    });
  }

  /** An answer that has begun may take as long as it likes while something moves. */
  private checkFlow(nowMs: number): void {
    if (this.moved) {
      this.moved = false;
      this.dueMs = nowMs + this.worker.limits.timeoutMs;
      this.worker.sweep.add(this);
    } else this.sever();
  }

  private tryFailed(error: Error): void {
    if (this.client === undefined || this.phase === 'done') return;
    this.worker.readClock();
    if (isNotSendable(error)) {
      this.endTry('cancelled', 0);
      this.giveUp('HALE_PLATFORM_GATEWAY_BAD_REQUEST');
      return;
    }
    if (this.res.isClientGone) {
      this.clientGone();
      return;
    }
    if (this.phase === 'declined') {
      this.leaveDeclined();
      return;
    }
    const wasSent = this.controller !== undefined;
    this.endTry('failed', this.worker.nowMs - this.tryStartedMs);
    if (this.res.headersSent) {
      this.sever();
      return;
    }
    if (wasSent && !isConnectionLost(error)) {
      this.giveUp('HALE_PLATFORM_GATEWAY_UPSTREAM_LOST');
      return;
    }
    this.repeatOrGiveUp(wasSent ? 'broken' : 'refused');
  }

  private tryTimedOut(nowMs: number): void {
    const wasSent = this.controller !== undefined;
    this.abandonTry('failed');
    if (nowMs >= this.wholeDueMs) {
      this.giveUp('HALE_PLATFORM_GATEWAY_TIMEOUT');
      return;
    }
    this.worker.sweep.add(this);
    this.repeatOrGiveUp(wasSent ? 'timeout' : 'refused');
  }

  private repeatOrGiveUp(failure: Failure): void {
    if (failure === 'broken') this.broken++;
    if (failure !== 'refused') this.mayHaveBegun = true;
    if (!this.mayRepeat(failure)) {
      const isLost = failure === 'broken';
      this.giveUp(isLost ? 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST' : 'HALE_PLATFORM_GATEWAY_TIMEOUT');
      return;
    }
    const mayTryAtOnce = this.triesAtOnce < triesAtOnceMax && this.broken < brokenAtOnceMax;
    if (mayTryAtOnce && this.hasOther() && this.pay(tryEnds[failure])) {
      this.proceed();
      return;
    }
    if (failure === 'timeout') {
      this.giveUp('HALE_PLATFORM_GATEWAY_TIMEOUT');
      return;
    }
    this.park(true);
  }

  private mayRepeat(failure: Failure): boolean {
    if (failure === 'refused') return this.hasBody();
    return this.hasBody() && this.isRepeatable && this.broken < brokenMax && this.purse.left > 0;
  }

  private hasBody(): boolean {
    return this.request.body !== this.req || !this.req.readableDidRead;
  }

  /** Whether the answer just begun is not for the client, because another try may do better: says how in `pauseMs`. */
  private isDeclined(headers: IncomingHttpHeaders): boolean {
    if (!this.hasBody()) return false;
    const refused = refusalOf(this.status, headers);
    // It speaks of a key: to a service that enforces none it means nothing.
    if (refused === 'undone' && !this.isRepeatable) return false;
    // A key's first request that is still under way is a try of ours, left behind by its replica: its outcome is what the client wants.
    const isOrphan = refused === undefined && this.isKeyed && this.mayHaveBegun;
    const pauseMs = refused === undefined ? comeAgainMs(this.status, headers) : this.pauseAfter(refused);
    if (pauseMs === undefined || (refused === undefined && !isOrphan)) return false;
    this.pauseMs = pauseMs;
    return this.worker.nowMs + pauseMs < this.wholeDueMs;
  }

  /** The rest of a declined answer does not come. */
  private leaveDeclined(): void {
    this.abandonTry('cancelled');
    this.goOn();
  }

  /** After an answer that was not passed on. */
  private goOn(): void {
    if (this.pauseMs < 0) {
      this.park(true);
      return;
    }
    this.phase = 'pausing';
    this.dueMs = this.worker.readClock() + this.pauseMs;
    if (this.pauseMs === 0) this.resume();
    else this.worker.sweep.add(this);
  }

  private resume(): void {
    this.worker.readClock();
    this.worker.sweep.add(this);
    if (this.pauseMs > 0) this.triesAtOnce = 0;
    this.proceed();
  }

  private park(isFailing: boolean): void {
    const { worker } = this;
    if (this.heldDueMs === 0) {
      this.heldDueMs = worker.nowMs + worker.limits.holdMs;
      worker.totals.held++;
    }
    this.phase = 'held';
    this.triesAtOnce = 0;
    this.dueMs = Math.min(this.wholeDueMs, this.heldDueMs);
    if (worker.nowMs >= this.dueMs) {
      this.giveUp('HALE_PLATFORM_GATEWAY_NONE_UP');
      return;
    }
    if (!this.service.hold.enter(this, isFailing)) this.giveUp('HALE_PLATFORM_GATEWAY_OVERLOADED');
  }

  private giveUp(code: GatewayErrorCode): void {
    if (this.phase === 'done') return;
    this.abandonTry('cancelled');
    if (gatewayErrors[code].status >= 500) this.countFailed();
    this.service.tally.latency.add(this.worker.nowMs - this.startedMs);
    this.settle();
    const fields: string[] = [];
    if (!this.isPublic) addRetriesSpent(fields, this.purse.spent);
    if (!this.res.headersSent) refuse({ req: this.req, res: this.res }, code, { fields });
    else this.res.sever();
  }

  /** The answer has begun and cannot be finished: the client must see that it is cut off. */
  private sever(): void {
    this.abandonTry('failed');
    this.worker.totals.severed++;
    this.settle();
    this.res.sever();
  }

  private countFailed(): void {
    this.worker.totals.failed++;
    this.service.tally.failed++;
  }

  private settle(): void {
    if (this.phase === 'held') this.service.hold.leave(this);
    this.phase = 'done';
    this.worker.sweep.remove(this);
    this.worker.bufferedBytes -= this.heldBytes;
    this.worker.totals.inFlight--;
    this.res.detach();
  }
}
