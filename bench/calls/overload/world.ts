// A shop under siege, simulated: a server with k workers, heavy-tailed service times and a queue of its own (M/G/k), clients who give up
// after a while and ask again when refused, and between them Hale's admission with its defaults, or nothing. Deterministic by its seed.
import { createRng } from '@hale/base';
import { type AdmissionSnapshot, createAdmission, type Priority, type Ticket } from '@hale/resilience';
import { type Agenda, createAgenda } from './agenda.ts';

/** Draws one service time with mean 1. */
export type ServiceTime = (unit: () => number) => number;

export interface Siege {
  readonly seed: number;
  readonly workers: number;
  readonly meanMs: number;
  readonly service: ServiceTime;
  /** Fresh demand in capacities, by time: from each moment on. */
  readonly load: readonly { readonly fromMs: number; readonly times: number }[];
  readonly shares: Readonly<Record<Priority, number>>;
  /** A client's patience, in mean service times. */
  readonly patience: number;
  /** How often a refused client asks again. */
  readonly retries: number;
  readonly guarded: boolean;
  /** Counted is what comes from then on. */
  readonly countFromMs: number;
  readonly untilMs: number;
}

export interface Tally {
  /** Answers in time, in capacities. */
  readonly goodput: number;
  /** From arrival at the server to the answer, of those that were begun (ms). */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of clients who had an answer in the end. */
  readonly success: Readonly<Record<Priority, number>>;
  readonly asked: Readonly<Record<Priority, number>>;
  readonly last: AdmissionSnapshot | undefined;
}

/** Log-normal with coefficient of variation 2: one request in a hundred takes nine times the mean. */
export const heavyTail: ServiceTime = (unit) => {
  const sigma = Math.sqrt(Math.log(5));
  const normal = Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  return Math.exp(sigma * normal - (sigma * sigma) / 2);
};
/** Exponential. */
export const exponential: ServiceTime = (unit) => -Math.log(1 - unit());
/** Nearly always the same, as of a handler that computes. */
export const steady: ServiceTime = (unit) => 0.9 + 0.2 * unit();
/** Nine in ten quick hits of a cache, one slow miss. */
export const twoKinds: ServiceTime = (unit) => (unit() < 0.9 ? 0.2 : 8.2) * (0.8 + 0.4 * unit());

export function besiege(siege: Siege): Tally {
  return new Shop(siege).run();
}

class Shop {
  readonly #siege: Siege;
  readonly #agenda: Agenda = createAgenda();
  readonly #unit;
  readonly #admission;
  readonly #queue: (() => void)[] = [];
  #head = 0;
  #busy = 0;
  #good = 0;
  readonly #latencies: number[] = [];
  readonly #asked = { critical: 0, normal: 0, sheddable: 0 };
  readonly #answered = { critical: 0, normal: 0, sheddable: 0 };

  constructor(siege: Siege) {
    this.#siege = siege;
    this.#unit = createRng(siege.seed).unit;
    const { guarded } = siege;
    this.#admission = guarded
      ? createAdmission({ clock: this.#agenda, unit: createRng(siege.seed + 1).unit })
      : undefined;
  }

  run(): Tally {
    const { untilMs, countFromMs, workers, meanMs } = this.#siege;
    this.#arriveLater();
    this.#agenda.runUntil(untilMs);
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (q: number) => sorted[Math.floor(q * sorted.length)] ?? Number.NaN;
    const share = (priority: Priority) => this.#answered[priority] / this.#asked[priority];
    return {
      goodput: this.#good / ((workers / meanMs) * (untilMs - countFromMs)),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      success: { critical: share('critical'), normal: share('normal'), sheddable: share('sheddable') },
      asked: this.#asked,
      last: this.#admission?.snapshot(),
    };
  }

  #arriveLater(): void {
    const { load, workers, meanMs } = this.#siege;
    const times = load.findLast(({ fromMs }) => fromMs <= this.#agenda.mono())!.times;
    this.#agenda.after((-Math.log(1 - this.#unit()) * meanMs) / (workers * times), () => {
      this.#arriveLater();
      this.#comes();
    });
  }

  #comes(): void {
    const { shares, countFromMs, retries, untilMs, patience, meanMs } = this.#siege;
    const dice = this.#unit();
    const priority =
      dice < shares.critical ? 'critical' : dice < shares.critical + shares.normal ? 'normal' : 'sheddable';
    const nowMs = this.#agenda.mono();
    // The last ones cannot be answered before the curtain falls.
    const counts = nowMs >= countFromMs && nowMs < untilMs - 4 * patience * meanMs;
    if (counts) this.#asked[priority]++;
    this.#ask({ priority, counts, triesLeft: retries });
  }

  #ask(client: { readonly priority: Priority; readonly counts: boolean; readonly triesLeft: number }): void {
    const { patience, meanMs } = this.#siege;
    const askedMs = this.#agenda.mono();
    let [ticket, over]: [Ticket | undefined, boolean] = [undefined, false];
    const again = () => {
      over = true;
      waiting.cancel();
      if (client.triesLeft === 0) return;
      const pause = this.#unit() * meanMs * 4;
      this.#agenda.after(pause, () => this.#ask({ ...client, triesLeft: client.triesLeft - 1 }));
    };
    const waiting = this.#agenda.after(patience * meanMs, () => {
      if (ticket?.state === 'waiting') ticket.leave('ignored');
      again();
    });
    const work = () =>
      this.#work(() => {
        const nowMs = this.#agenda.mono();
        if (nowMs >= this.#siege.countFromMs) this.#latencies.push(nowMs - askedMs);
        if (!over) {
          waiting.cancel();
          if (nowMs >= this.#siege.countFromMs) this.#good++;
          if (client.counts) this.#answered[client.priority]++;
        }
        ticket?.leave(over ? 'dropped' : 'ok');
      });
    if (this.#admission === undefined) {
      work();
      return;
    }
    const guest = { priority: client.priority, deadlineMs: Number.POSITIVE_INFINITY, begin: work, refuse: again };
    ticket = this.#admission.enter(guest);
  }

  /** The server's own queue and workers, which know nothing of any of this. */
  #work(done: () => void): void {
    if (this.#busy >= this.#siege.workers) {
      this.#queue.push(done);
      return;
    }
    this.#busy++;
    this.#serve(done);
  }

  #serve(done: () => void): void {
    const { service, meanMs } = this.#siege;
    this.#agenda.after(service(this.#unit) * meanMs, () => {
      this.#busy--;
      const next = this.#queue[this.#head];
      if (next !== undefined) {
        this.#head++;
        this.#busy++;
        this.#serve(next);
        if (this.#head === 10_000) {
          this.#queue.splice(0, this.#head);
          this.#head = 0;
        }
      }
      done();
    });
  }
}
