// The price list: answers from memory alone, so it can take a great many requests, which makes it the one that drills load.
//   GET /prices/:sku           today's price
//   PUT /prices/quotes/:id     prices the lines it is given; the same lines under the same id give the same quote, so
//                              it may be sent again to any replica
// It keeps nothing: the quote's version is a hash of what was asked.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createService } from '@hale/sdk';
import { catalogue } from './catalogue.ts';
import { openDrillDoor, probeIsGood } from './drill-door.ts';

interface Line {
  readonly sku: string;
  readonly quantity: number;
}

const prices = new Map(catalogue.map((product) => [product.sku, product.cents]));
const bodyBytesMax = 16_384;

const service = createService('pricing');
service.ready(probeIsGood, 'drill');

await service.listen(async (req, res) => {
  if (openDrillDoor(req, res)) return;
  const [, root, first, second] = (req.url ?? '').split('/');
  if (root !== 'prices') return send(res, 404, { error: 'not found' });
  if (req.method === 'PUT' && first === 'quotes' && second) return quote(req, res, second);
  const cents = prices.get(first ?? '');
  if (req.method !== 'GET' || cents === undefined) return send(res, 404, { error: `no price for ${first}` });
  send(res, 200, { sku: first, cents });
});

async function quote(req: IncomingMessage, res: ServerResponse, id: string): Promise<void> {
  const lines = await readLines(req);
  if (lines === undefined) return send(res, 400, { error: 'send {"lines":[{"sku":"tea","quantity":2}]}' });
  const totalCents = lines.reduce((sum, line) => sum + (prices.get(line.sku) ?? 0) * line.quantity, 0);
  const version = createHash('sha1')
    .update(id + JSON.stringify(lines))
    .digest('hex')
    .slice(0, 12);
  send(res, 200, { id, version, totalCents, lines });
}

async function readLines(req: IncomingMessage): Promise<readonly Line[] | undefined> {
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk;
    if (text.length > bodyBytesMax) return undefined;
  }
  try {
    const { lines } = JSON.parse(text) as { lines?: unknown };
    return Array.isArray(lines) && lines.every(isLine) ? lines : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is Line {
  const line = value as Partial<Line> | null;
  return typeof line?.sku === 'string' && Number.isInteger(line.quantity);
}

function send(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}
