// The price list: answers from memory alone, so it can take a great many requests, which makes it the one that drills load.
// What it answers stands in pricing.api.ts. It keeps nothing: a quote's version is a hash of what was asked.
import { createHash } from 'node:crypto';
import { ApiRefusal, apiHandler, createService } from '@hale/sdk';
import { catalogue } from './catalogue.ts';
import { openDrillDoor, probeIsGood } from './drill-door.ts';
import { pricingApi } from './pricing.api.ts';

const prices = new Map(catalogue.map((product) => [product.sku, product.cents]));

const service = createService('pricing');
service.ready(probeIsGood, 'drill');

const answer = apiHandler(
  pricingApi,
  {
    price({ sku }) {
      const cents = prices.get(sku);
      if (cents === undefined) throw new ApiRefusal(404, 'NO_PRICE', `no price for ${sku}`);
      return { sku, cents };
    },
    quote({ id, lines }) {
      const totalCents = lines.reduce((sum, line) => sum + (prices.get(line.sku) ?? 0) * line.quantity, 0);
      const asked = id + JSON.stringify(lines);
      return { id, version: createHash('sha1').update(asked).digest('hex').slice(0, 12), totalCents, lines };
    },
  },
  { bodyBytesMax: 16_384 },
);

await service.listen((req, res) => (openDrillDoor(req, res) ? undefined : answer(req, res)));
