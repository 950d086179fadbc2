// The thread by which a call is pulled back: from whoever began it (its signal), and from the guest for whom it is made (the request
// being answered, when its caller has gone). It holds whatever the call is at now: a try, or a pause between two.
import { callerGone, type InboundCall } from './current-call.ts';

/** What a call can be at. */
export interface Carriage {
  giveUp(reason: Error): void;
  readonly isDone?: boolean;
  /** Told when there is nothing more to give up. */
  onDone?: (() => void) | undefined;
}

/** A call that can be given up as long as its answer is not whole. `end` it where no answer comes at all. */
export class Ride {
  private readonly own: AbortSignal | undefined;
  private readonly inbound: InboundCall | undefined;
  private at: Carriage | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(call: { readonly signal: AbortSignal | undefined; readonly inbound: InboundCall | undefined }) {
    this.own = call.signal;
    this.inbound = call.inbound;
    this.own?.addEventListener('abort', this.leave);
    this.inbound?.onGone(this.leave);
  }

  /** Aborts when the call is given up; made when first asked for. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.own?.aborted === true) this.controller.abort(this.own.reason);
      else if (this.inbound?.isGone === true) this.controller.abort(callerGone());
    }
    return this.controller.signal;
  }

  /** Throws the reason when the call was given up. */
  check(): void {
    if (this.own?.aborted === true) throw this.own.reason;
    if (this.inbound?.isGone === true) throw callerGone();
  }

  carry(what: Carriage): void {
    this.at = what;
  }

  /** The last try stands: the thread is let go when its answer is whole. */
  release(): void {
    if (this.at?.isDone === false) this.at.onDone = () => this.end();
    else this.end();
  }

  end(): void {
    this.at = undefined;
    this.own?.removeEventListener('abort', this.leave);
    this.inbound?.offGone(this.leave);
  }

  /** Pulls the thread. */
  giveUp(reason: unknown): void {
    this.controller?.abort(reason);
    this.at?.giveUp(reason instanceof Error ? reason : new Error(String(reason)));
  }

  private readonly leave = (): void => {
    this.giveUp(this.own?.aborted === true ? this.own.reason : callerGone());
  };
}
