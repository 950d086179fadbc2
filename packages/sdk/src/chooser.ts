// Which replica to ring: the house's balancer over the pocket map, and the front address where the map names nobody else.
// It never blocks, and gives nothing only when no address is known at all.
import { type Clock, createRng, randomSeed } from '@hale/base';
import type { Endpoint } from '@hale/model';
import { createBalancer, type Host, type Member } from '@hale/resilience';
import type { EndpointBook } from './endpoints.ts';

/** 'cancelled': the caller left; it says nothing about the replica. */
export type Outcome = 'ok' | 'failed' | 'cancelled';

export interface Choice {
  /** The replica's incarnation, or 'front'. */
  readonly key: string;
  readonly origin: string;
  done(outcome: Outcome): void;
}

export interface Chooser {
  /** `avoid` is what was just tried: it comes again only when there is nothing else. */
  choose(avoid: Choice | undefined): Choice | undefined;
}

interface Place extends Member {
  readonly origin: string;
}

export function createChooser(book: EndpointBook, clock: Clock, zone: string | undefined): Chooser {
  const rng = createRng(randomSeed());
  const balancer = createBalancer<Place>({ now: () => clock.mono(), unit: () => rng.unit(), zone });
  const hosts = new WeakMap<Choice, Host<Place>>();
  let seen: readonly Endpoint[] = [];
  const front: Choice | undefined =
    book.front === undefined ? undefined : { key: 'front', origin: book.front, done: () => {} };
  return {
    choose(avoid) {
      const endpoints = book.look();
      if (endpoints !== seen) balancer.update(endpoints.map(toPlace));
      seen = endpoints;
      const avoided = avoid === undefined ? undefined : hosts.get(avoid);
      const host = balancer.pick(avoided);
      // The front holds a call until a replica is up: better than asking again the one that just failed.
      if (host === undefined || (host === avoided && front !== undefined)) return front;
      const choice = begin(host);
      hosts.set(choice, host);
      return choice;
    },
  };

  function begin(host: Host<Place>): Choice {
    const begunMs = clock.mono();
    balancer.begin(host);
    return {
      key: host.member.id,
      origin: host.member.origin,
      done: (outcome) => balancer.end(host, outcome, clock.mono() - begunMs),
    };
  }
}

function toPlace(endpoint: Endpoint): Place {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return {
    id: endpoint.incarnation,
    zone: endpoint.zone,
    weight: endpoint.weight,
    state: endpoint.state,
    origin: `http://${host}:${endpoint.port}`,
  };
}
