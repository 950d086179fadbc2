// One service as a worker knows it: its replicas with their doors (upstreams), who is asked next (balancer), what second tries
// may cost (budget), and the room where requests wait while nobody is up. Follows the endpoint table; decides nothing about health.
import type { Clock, Rng } from '@hale/base';
import type { Endpoint, RotationState, UnitName } from '@hale/model';
import { type Balancer, createBalancer, createRetryBudget, type RetryBudget } from '@hale/resilience';
import { type Chairs, createHoldingRoom, type HoldingRoom } from './hold.ts';
import { createUnitTally, type UnitTally } from './stats.ts';
import { Upstream } from './upstream.ts';

/** A replica as the balancer sees it; `id` is its incarnation. */
export interface Replica {
  readonly id: string;
  readonly zone: string;
  readonly weight: number;
  readonly state: RotationState;
  readonly upstream: Upstream;
}

export interface Service {
  readonly name: UnitName;
  readonly balancer: Balancer<Replica>;
  readonly budget: RetryBudget;
  readonly hold: HoldingRoom;
  readonly tally: UnitTally;
  /** It enforces Idempotency-Key, so that a request with one may be sent again. */
  isKeyed: boolean;
  /** Every door that still has something under way, retired ones too. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Takes what the table says of this service now. */
  follow(endpoints: readonly Endpoint[]): void;
  close(): void;
}

export interface ServiceOptions {
  readonly name: UnitName;
  readonly clock: Clock;
  /** Coarse monotonic time of the worker, read far more often than it changes. */
  readonly now: () => number;
  readonly rng: Rng;
  readonly chairs: Chairs;
  readonly zone: string | undefined;
}

export function createService(options: ServiceOptions): Service {
  const { name, clock, now, rng, chairs, zone } = options;
  const balancer = createBalancer<Replica>({ now, unit: rng.unit, zone });
  const hold = createHoldingRoom({ clock, chairs, isUp: () => balancer.pick() !== undefined });
  const upstreams = new Map<string, Upstream>();
  const doorOf = (endpoint: Endpoint): Upstream => {
    const known = upstreams.get(endpoint.incarnation);
    const sameDoor = known?.endpoint.address === endpoint.address && known.endpoint.port === endpoint.port;
    if (known !== undefined && sameDoor) return known;
    known?.retire();
    const upstream = new Upstream(endpoint);
    upstreams.set(endpoint.incarnation, upstream);
    return upstream;
  };
  return {
    name,
    balancer,
    hold,
    isKeyed: false,
    upstreams,
    budget: createRetryBudget({ now }),
    tally: createUnitTally(),
    follow(endpoints) {
      const replicas = endpoints.map((endpoint) => toReplica(endpoint, doorOf(endpoint)));
      for (const gone of balancer.update(replicas)) gone.member.upstream.retire();
      for (const { state, upstream } of replicas) {
        if (state === 'in' || state === 'suspect') upstream.reopen();
        else upstream.retire();
      }
      const listed = new Set(replicas.map((replica) => replica.id));
      for (const [id, upstream] of upstreams) if (!listed.has(id) && upstream.inFlight === 0) upstreams.delete(id);
      hold.wake();
    },
    close() {
      hold.close();
      for (const upstream of upstreams.values()) upstream.retire();
    },
  };
}

function toReplica(endpoint: Endpoint, upstream: Upstream): Replica {
  const { incarnation, zone, weight, state } = endpoint;
  return { id: incarnation, zone, weight, state, upstream };
}
