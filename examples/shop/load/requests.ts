// The shoppers' habits: what they ask for, in which proportion. Everything here is safe to send again except a POST
// without a key, and there is none.
import type { Rng } from '@hale/base';

export interface ShopRequest {
  readonly name: string;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Set where an answer below 300 promises that this order is kept. */
  readonly orderId?: string;
}

/** Relative weights; what is left out is not asked. */
export interface Mix {
  /** GET /prices/:sku: no database. */
  readonly price?: number;
  /** PUT /prices/quotes/:id: no database. */
  readonly quote?: number;
  /** GET /catalog of the storefront. */
  readonly catalog?: number;
  /** PUT /orders/:id: inventory, payments and the database. */
  readonly order?: number;
  /** POST /orders with an Idempotency-Key. */
  readonly post?: number;
}

/** What drills load: GET and PUT to the three replicas of pricing. */
export const drillMix: Mix = { price: 0.7, quote: 0.3 };
/** What `npm start` shows: the whole shop, a few orders among many looks. */
export const shopMix: Mix = { price: 0.5, quote: 0.2, catalog: 0.25, order: 0.03, post: 0.02 };

const skus = ['apple', 'bandage', 'kettle', 'lamp', 'pillow', 'tea'];
const json = { 'content-type': 'application/json' };
type Kind = keyof Mix;

/** Draws requests by `mix`. `runId` starts the id of every order of this run. */
export function createRequests(mix: Mix, rng: Rng, runId: string): { next(mayOrder: boolean): ShopRequest } {
  const kinds = (Object.keys(mix) as Kind[]).filter((kind) => (mix[kind] ?? 0) > 0);
  if (kinds.length === 0) throw new RangeError('the mix asks for nothing');
  const total = kinds.reduce((sum, kind) => sum + (mix[kind] ?? 0), 0);
  const draw = (): Kind => {
    let rest = rng.unit() * total;
    for (const kind of kinds) {
      rest -= mix[kind] ?? 0;
      if (rest < 0) return kind;
    }
    return kinds[0]!;
  };
  let serial = 0;
  return {
    next(mayOrder) {
      const kind = draw();
      const sku = skus[rng.below(skus.length)]!;
      const keeps = kind === 'order' || kind === 'post';
      return make(keeps && !mayOrder ? 'price' : kind, sku, `${runId}-${String(++serial).padStart(9, '0')}`);
    },
  };
}

function make(kind: Kind, sku: string, id: string): ShopRequest {
  const line = `{"sku":"${sku}","quantity":1}`;
  switch (kind) {
    case 'price':
      return { name: 'GET /prices/:sku', method: 'GET', path: `/prices/${sku}` };
    case 'catalog':
      return { name: 'GET /catalog', method: 'GET', path: '/catalog' };
    case 'quote':
      return {
        ...{ name: 'PUT /prices/quotes/:id', method: 'PUT', path: `/prices/quotes/${id}` },
        ...{ headers: json, body: `{"lines":[${line}]}` },
      };
    case 'order':
      return {
        ...{ name: 'PUT /orders/:id', method: 'PUT', path: `/orders/${id}` },
        ...{ headers: json, body: line, orderId: id },
      };
    case 'post':
      return {
        ...{ name: 'POST /orders', method: 'POST', path: '/orders', headers: { ...json, 'idempotency-key': id } },
        ...{ body: line, orderId: id },
      };
  }
}
