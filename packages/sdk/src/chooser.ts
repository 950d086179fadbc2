// Which replica to ring: the house's balancer over the pocket map, and the front address where the map names nobody else.
// It never blocks, and gives nothing only when no address is known at all.
import { type Clock, createRng, randomSeed } from '@hale/base';
import { createBalancer, type Host } from '@hale/resilience';
import type { EndpointBook, Place } from './endpoints.ts';

/** 'cancelled': the caller left; it says nothing about the replica. */
export type Outcome = 'ok' | 'failed' | 'cancelled';

export interface Choice {
  /** The replica's incarnation, or 'front'. */
  readonly key: string;
  readonly origin: string;
  /** The head of the answer is here, with this verdict. A refusal is 'failed': a replica that refuses quickly must not look fast. */
  answered(outcome: 'ok' | 'failed'): void;
  /** It is over; without `answered` before, with this outcome. */
  done(outcome: Outcome): void;
}

export interface Chooser {
  /** `avoid` is what was just tried: it comes again only when there is nothing else. */
  choose(avoid: Choice | undefined): Choice | undefined;
  /** Whether somebody else than `choice` can be rung. */
  hasOther(choice: Choice): boolean;
}

export interface ChooserOptions {
  readonly book: EndpointBook;
  readonly clock: Clock;
  readonly zone: string | undefined;
  /** Told when the table changed: the origins that may be called. */
  readonly moved?: (origins: ReadonlySet<string>) => void;
}

export function createChooser({ book, clock, zone, moved }: ChooserOptions): Chooser {
  const rng = createRng(randomSeed());
  const balancer = createBalancer<Place>({ now: () => clock.mono(), unit: () => rng.unit(), zone });
  let seen: readonly Place[] = [];
  const front: Choice | undefined =
    book.front === undefined ? undefined : { key: 'front', origin: book.front, answered: () => {}, done: () => {} };
  const refresh = () => {
    const places = book.look();
    if (places === seen) return;
    seen = places;
    balancer.update(places);
    const origins = new Set(places.map((place) => place.origin));
    if (front !== undefined) origins.add(front.origin);
    moved?.(origins);
  };
  return {
    choose(avoid) {
      refresh();
      const avoided = avoid instanceof Ring ? avoid.host : undefined;
      const host = balancer.pick(avoided);
      // The front holds a call until a replica is up: better than asking again the one that just failed.
      if (host === undefined || (host === avoided && front !== undefined)) return front;
      balancer.begin(host);
      return new Ring(host, balancer, clock);
    },
    hasOther(choice) {
      refresh();
      const avoided = choice instanceof Ring ? choice.host : undefined;
      const host = balancer.pick(avoided);
      return (host !== undefined && host !== avoided) || (front !== undefined && choice !== front);
    },
  };
}

/** A call to one replica, as the balancer sees it. */
class Ring implements Choice {
  readonly host: Host<Place>;
  private readonly balancer: ReturnType<typeof createBalancer<Place>>;
  private readonly clock: Clock;
  private readonly begunMs: number;
  private latencyMs = -1;
  private verdict: 'ok' | 'failed' = 'ok';

  constructor(host: Host<Place>, balancer: ReturnType<typeof createBalancer<Place>>, clock: Clock) {
    this.host = host;
    this.balancer = balancer;
    this.clock = clock;
    this.begunMs = clock.mono();
  }

  get key(): string {
    return this.host.member.id;
  }

  get origin(): string {
    return this.host.member.origin;
  }

  answered(outcome: 'ok' | 'failed'): void {
    this.latencyMs = this.clock.mono() - this.begunMs;
    this.verdict = outcome;
    this.balancer.answered(this.host);
  }

  done(outcome: Outcome): void {
    if (this.latencyMs < 0) this.balancer.end(this.host, outcome, this.clock.mono() - this.begunMs);
    else this.balancer.end(this.host, outcome === 'failed' ? 'failed' : this.verdict, this.latencyMs);
  }
}
