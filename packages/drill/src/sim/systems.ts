// Small systems to play with: a shop of a gateway, services and a database, in sizes that the dice choose. Units as
// `unitsOf` would derive them from a declaration.
import type { Rng } from '@hale/base';
import type { UnitSpec } from '@hale/model';

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

const gateway: Partial<UnitSpec> & { name: string } = { name: 'gateway', role: 'gateway', routed: false };

/** The shop of the examples (examples/shop/hale.config.ts): what drill scripts play on. */
export function buildShop(): readonly UnitSpec[] {
  return [
    buildService(database),
    buildService({ name: 'pricing', replicas: 3 }),
    buildService({ name: 'payments' }),
    buildService({ name: 'inventory' }),
    buildService({ name: 'orders', replicas: 3, uses: ['payments', 'inventory', 'db'] }),
    buildService({ name: 'storefront', uses: ['orders', 'pricing', 'inventory'] }),
    buildService({ ...gateway, uses: ['storefront', 'orders', 'pricing', 'inventory'] }),
  ];
}

/** A shop of a size and temper that the dice choose. */
export function drawSystem(rng: Rng): readonly UnitSpec[] {
  const leaky = rng.unit() < 0.5 ? 300e6 : undefined;
  const observeOnly = rng.unit() < 0.1;
  const units = [
    buildService({ name: 'payments', replicas: 1 + rng.below(2) }),
    buildService({ name: 'orders', replicas: 2 + rng.below(2), uses: ['payments', 'db'], memoryBytesMax: leaky }),
    buildService(database),
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
