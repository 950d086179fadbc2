// What pricing promises, written once: pricing serves it, storefront calls it, GET /openapi.json describes it, and `hale plan` says whom
// a change of this file would break.
import { api } from '@hale/sdk';
import { z } from 'zod';

const line = z.object({ sku: z.string().min(1).max(64), quantity: z.int().min(1).max(1_000) });

export const pricingApi = api(
  {
    price: {
      method: 'GET',
      path: '/prices/{sku}',
      summary: "today's price",
      in: z.object({ sku: z.string() }),
      out: z.object({ sku: z.string(), cents: z.int() }),
    },
    quote: {
      method: 'PUT',
      path: '/prices/quotes/{id}',
      summary:
        'prices lines; the same lines under the same id give the same quote, so it may be sent again to any replica',
      in: z.object({ id: z.string().max(100), lines: z.array(line).max(100) }),
      out: z.object({ id: z.string(), version: z.string(), totalCents: z.int(), lines: z.array(line) }),
    },
  },
  { title: 'pricing', version: '1' },
);
