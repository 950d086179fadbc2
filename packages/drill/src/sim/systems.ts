// Small systems to play with: a shop of a gateway, services and a database, in sizes that the dice choose. Units as
// `unitsOf` would derive them from a declaration.
import { createRng, type Rng } from '@hale/base';
import { aliveProbes, relayUnit, type UnitSpec } from '@hale/model';

const clusterRatio = 0.4;
const availableRatio = 0.4;
const distantRatio = 0.4;

const probe = {
  check: { kind: 'http', path: '/readyz' },
  everyMs: { steady: 2_000, suspicious: 500, down: 1_000 },
  timeoutMs: 1_000,
  failures: 3,
  successes: 1,
  withinMs: 8_000,
} as const;

export function buildService(of: Partial<UnitSpec> & { name: string }): UnitSpec {
  return {
    role: 'service',
    replicas: 2,
    uses: [],
    zones: ['a', 'b'],
    surge: true,
    routed: true,
    probes: { startup: probe, ready: probe, live: probe },
    hang: { afterMs: 3_000, action: 'replace' },
    grace: { drainMs: 500, stopMs: 3_000 },
    memoryBytesMax: undefined,
    fingerprint: 'one',
    ...of,
  };
}

const database: Partial<UnitSpec> & { name: string } = {
  name: 'db',
  role: 'postgres',
  replicas: 1,
  surge: false,
  routed: false,
  probes: { startup: probe, ready: probe, live: undefined },
};

const zones = ['a', 'b', 'c'];

/** What a database of several nodes is declared to be besides. */
export interface Temper {
  readonly mayGoAlone: boolean;
  /** It has a copy in another region. */
  readonly distant: boolean;
}

export const strict: Temper = { mayGoAlone: false, distant: false };

/** A primary and its standbys; any one of them acknowledges. */
export function buildCluster(standbys: number, { mayGoAlone, distant }: Temper = strict): UnitSpec {
  return buildService({
    ...database,
    replicas: 1 + standbys + (distant ? 1 : 0),
    zones,
    cluster: {
      acknowledgers: 1,
      ...(mayGoAlone && { mayGoAlone: true as const }),
      ...(distant && { regions: { home: 'eu', distant: ['us'] } }),
    },
  });
}

/** Two that share a socket lead to the database, as `unitsOf` has it. */
const relay: Partial<UnitSpec> & { name: string } = {
  ...{ name: relayUnit, role: 'relay', routed: false, grace: { drainMs: 0, stopMs: 10_000 } },
  probes: aliveProbes,
};

const gateway: Partial<UnitSpec> & { name: string } = { name: 'gateway', role: 'gateway', routed: false };

/** The shop of the examples (examples/shop/hale.config.ts): what drill scripts play on. */
export function buildShop(standbys = 0, temper: Temper = strict): readonly UnitSpec[] {
  return [
    standbys === 0 ? buildService(database) : buildCluster(standbys, temper),
    buildService({ name: 'pricing', replicas: 3 }),
    buildService({ name: 'payments' }),
    buildService({ name: 'inventory' }),
    buildService({ name: 'orders', replicas: 3, uses: ['payments', 'inventory', 'db'] }),
    buildService({ name: 'storefront', uses: ['orders', 'pricing', 'inventory'] }),
    buildService({ ...gateway, uses: ['storefront', 'orders', 'pricing', 'inventory'] }),
  ];
}

/** The same system, with relays before its database where that is a cluster. */
export function withRelays(units: readonly UnitSpec[]): readonly UnitSpec[] {
  return units.some(({ cluster }) => cluster !== undefined) ? [...units, buildService(relay)] : units;
}

/** How many standbys the database of a seed's system has: none in most, else 2 to 4. */
export function drawStandbys(seed: number): number {
  const rng = createRng(seed ^ 0x1b873593);
  return rng.unit() < clusterRatio ? 2 + rng.below(3) : 0;
}

export function drawTemper(seed: number): Temper {
  const rng = createRng(seed ^ 0x165667b1);
  return { mayGoAlone: rng.unit() < availableRatio, distant: rng.unit() < distantRatio };
}

/** A shop of a size and temper that the dice choose, with so many standbys. */
export function drawSystem(rng: Rng, standbys: number, temper: Temper = strict): readonly UnitSpec[] {
  const leaky = rng.unit() < 0.5 ? 300e6 : undefined;
  const observeOnly = rng.unit() < 0.1;
  const units = [
    buildService({ name: 'payments', replicas: 1 + rng.below(2) }),
    buildService({ name: 'orders', replicas: 2 + rng.below(2), uses: ['payments', 'db'], memoryBytesMax: leaky }),
    standbys === 0 ? buildService(database) : buildCluster(standbys, temper),
    buildService({
      name: 'storefront',
      replicas: 1 + rng.below(3),
      uses: ['orders'],
      hang: { afterMs: 3_000, action: observeOnly ? 'observe' : 'replace' },
    }),
  ];
  if (rng.unit() < 0.7) units.push(buildService({ ...gateway, replicas: 1 + rng.below(2), uses: ['storefront'] }));
  if (rng.unit() < 0.3) units.push(buildService({ name: 'mail', replicas: 1, surge: false, memoryBytesMax: leaky }));
  return units;
}
