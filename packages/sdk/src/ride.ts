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
  private readonly signal: AbortSignal | undefined;
  private readonly inbound: InboundCall | undefined;
  private at: Carriage | undefined = undefined;

  constructor(call: { readonly signal: AbortSignal | undefined; readonly inbound: InboundCall | undefined }) {
    this.signal = call.signal;
    this.inbound = call.inbound;
    this.signal?.addEventListener('abort', this.leave);
    this.inbound?.onGone(this.leave);
  }

  /** Throws the reason when the call was given up. */
  check(): void {
    if (this.signal?.aborted === true) throw this.signal.reason;
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
    this.signal?.removeEventListener('abort', this.leave);
    this.inbound?.offGone(this.leave);
  }

  private readonly leave = (): void => {
    const reason = this.signal?.aborted === true ? this.signal.reason : callerGone();
    this.at?.giveUp(reason instanceof Error ? reason : new Error(String(reason)));
  };
}
