// The till: plain node:http, without the SDK and without a probe of its own, as most services in the world are.
//   POST /charge {"order","cents"}   with an Idempotency-Key: the same key is charged once and gets the same receipt
// Receipts are kept in memory, at most 10,000; a real till would keep them in a database.
import { createServer } from 'node:http';
import { openDrillDoor } from './drill-door.ts';

const receiptsMax = 10_000;
const receipts = new Map<string, string>();

const server = createServer(async (req, res) => {
  if (openDrillDoor(req, res)) return;
  if (req.method !== 'POST' || req.url !== '/charge') return void res.writeHead(404).end();
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) text += chunk.slice(0, 4_096);
  const key = String(req.headers['idempotency-key'] ?? crypto.randomUUID());
  const receipt = receipts.get(key) ?? charge(text);
  if (receipt === undefined) return void res.writeHead(400).end('{"error":"send {\\"order\\",\\"cents\\"}"}');
  remember(key, receipt);
  res.writeHead(200, { 'content-type': 'application/json' }).end(receipt);
});

function charge(text: string): string | undefined {
  try {
    const { order, cents } = JSON.parse(text) as { order?: string; cents?: number };
    if (typeof order !== 'string' || typeof cents !== 'number') return undefined;
    return JSON.stringify({ receipt: `r-${order}`, order, cents });
  } catch {
    return undefined;
  }
}

function remember(key: string, receipt: string): void {
  receipts.set(key, receipt);
  if (receipts.size > receiptsMax) receipts.delete(receipts.keys().next().value ?? key);
}

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
process.on('SIGTERM', () => server.close());
