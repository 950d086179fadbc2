// The shop: a whole small system. A storefront asks orders, pricing and inventory; an order is paid for and kept in PostgreSQL.
// Start it with `npm start` in the repository's root, or `hale up` here. What each service is for: README.md.
import { defineSystem, env, haproxy, nginx, postgres, service } from 'hale';

/** Opens the fault doors of services/drill-door.ts when `HALE_DRILL=1 hale up` asks for it; never otherwise. */
const drill = { HALE_DRILL: env('HALE_DRILL', '0') };
const ready = { ready: { http: '/readyz' } } as const;

const entrance = {
  port: 8080,
  routes: { '/': 'storefront', '/orders': 'orders', '/prices': 'pricing', '/inventory': 'inventory' },
} as const;

type Entered = (typeof entrance.routes)[keyof typeof entrance.routes];

/** The same entrance behind a real balancer: `SHOP_GATEWAY=nginx hale up`, or haproxy. */
const gateways: Readonly<
  Record<string, typeof entrance | ReturnType<typeof nginx<Entered>> | ReturnType<typeof haproxy<Entered>>>
> = {
  nginx: nginx(entrance),
  haproxy: haproxy(entrance),
};

/** One node is enough to begin with; `SHOP_DATABASE=cluster hale up` keeps two copies that take over. */
const databases = {
  single: postgres({ database: 'shop' }),
  cluster: postgres({ database: 'shop', standbys: 2, durability: 'no-acked-loss' }),
};
const db = process.env['SHOP_DATABASE'] === 'cluster' ? databases.cluster : databases.single;

export default defineSystem({
  name: 'shop',
  zones: ['a', 'b'],
  resources: { db },
  services: {
    storefront: service({
      run: 'services/storefront.ts',
      replicas: 2,
      uses: ['orders', 'pricing', 'inventory'],
      probes: ready,
      env: drill,
      slo: { availability: 99.9, p99: '300ms' },
    }),
    orders: service({
      run: 'services/orders.ts',
      replicas: 3,
      uses: ['payments', 'inventory', 'db'],
      probes: ready,
      env: drill,
      idempotencyKeys: true,
      slo: { availability: 99.9, p99: '500ms' },
    }),
    pricing: service({
      run: 'services/pricing.ts',
      api: 'services/pricing.api.ts',
      replicas: 3,
      probes: ready,
      env: drill,
      slo: { availability: 99.95, p99: '100ms' },
    }),
    // No SDK, no probe written: Hale heals it all the same.
    payments: service({ run: 'services/payments.ts', replicas: 2, env: drill }),
    // Any program that listens on PORT.
    inventory: service({ command: ['node', 'services/inventory.mjs'], replicas: 2, probes: ready, env: drill }),
  },
  gateway: gateways[process.env['SHOP_GATEWAY'] ?? 'embedded'] ?? entrance,
});
