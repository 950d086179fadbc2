// One try of a call at one replica: undici's handler, the item on the patience list and the feeder of the reply in one object, so
// that a try costs no AbortController and no timer of its own.
//
//   waiting --head of the answer--> answering --its end--> done
//      \--refused, broken, late, given up--> done    \--broken, late, given up--> done (the reply fails)
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, readCarriedBack } from '@hale/resilience';
import type { Dispatcher } from 'undici';
import type { Choice } from './chooser.ts';
import type { PatienceList, Patient } from './patience-list.ts';
import { FedReply, type ReplySource } from './reply.ts';

type Controller = Dispatcher.DispatchController;

/** How a try ended. */
export type Tried =
  | {
      readonly kind: 'reply';
      readonly reply: FedReply;
      readonly retriesSpent: number;
      readonly refused: Refusal | undefined;
    }
  /** `unsent`: no byte of the request can have reached the other side. `late`: it was given up for lack of time. */
  | { readonly kind: 'error'; readonly error: Error; readonly unsent: boolean; readonly late: boolean };

export interface AttemptOptions {
  readonly choice: Choice;
  readonly patience: PatienceList;
  /** The head of the answer must be here by then (mono ms). */
  readonly headDueMs: number;
  /** And its end by then. */
  readonly wholeDueMs: number;
  readonly bytesMax: number;
}

const unsentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Make it, then dispatch it, then await `tried`. */
export class Attempt implements Patient, ReplySource, Dispatcher.DispatchHandler {
  dueMs: number;
  slot = -1;
  readonly tried: Promise<Tried>;
  private readonly options: AttemptOptions;
  private resolve!: (tried: Tried) => void;
  private controller: Controller | undefined = undefined;
  private reply: FedReply | undefined = undefined;
  isDone = false;
  /** Told when nothing can happen any more: the answer is whole, or will never be. */
  onDone: (() => void) | undefined = undefined;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.dueMs = options.headDueMs;
    this.tried = new Promise((resolve) => {
      this.resolve = resolve;
    });
    options.patience.add(this);
  }

  /** Gives it up from outside: the caller has left, or somebody else was faster. */
  giveUp(reason: Error): void {
    if (!this.isDone) this.stop({ error: reason, outcome: 'cancelled', late: false });
  }

  onDue(): void {
    const error = new DOMException('no answer in time', 'TimeoutError');
    this.stop({ error, outcome: 'failed', late: true });
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    if (this.isDone) controller.abort(givenUp);
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.isDone) return;
    const { options } = this;
    const { bytesMax, choice } = options;
    const said = readCarriedBack(headers);
    this.dueMs = options.wholeDueMs;
    options.patience.add(this);
    choice.answered(status >= 500 ? 'failed' : 'ok');
    this.reply = new FedReply({ status, headers, from: choice.key, degraded: said.degraded, bytesMax }, this);
    this.resolve({ kind: 'reply', reply: this.reply, retriesSpent: said.retriesSpent, refused: said.refused });
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.reply?.push(chunk);
  }

  onResponseEnd(): void {
    if (this.isDone) return;
    this.finish('ok');
    this.reply?.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.isDone) return;
    this.finish(isUnsendable(error) ? 'cancelled' : 'failed');
    this.report(error, false);
  }

  flow(on: boolean): void {
    if (on) this.controller?.resume();
    else this.controller?.pause();
  }

  abort(reason: Error): void {
    this.giveUp(reason);
  }

  private stop(why: { error: Error; outcome: 'cancelled' | 'failed'; late: boolean }): void {
    this.finish(why.outcome);
    this.controller?.abort(givenUp);
    this.report(why.error, why.late);
  }

  private report(error: Error, late: boolean): void {
    if (this.reply !== undefined) {
      this.reply.fail(error);
      return;
    }
    const unsent = this.controller === undefined || unsentCodes.has((error as NodeJS.ErrnoException).code ?? '');
    this.resolve({ kind: 'error', error, unsent, late });
  }

  private finish(outcome: 'ok' | 'failed' | 'cancelled'): void {
    this.isDone = true;
    this.options.patience.remove(this);
    this.options.choice.done(outcome);
    this.onDone?.();
  }
}

/** The request itself is no HTTP: nobody was asked, and nobody shall be. */
export function isUnsendable(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'UND_ERR_INVALID_ARG';
}

/** One reason for all: an Error with its stack for each would cost more than the call. */
const givenUp = new Error('given up by its caller');
