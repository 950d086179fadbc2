// The shelf: a plain JavaScript program that knows nothing of Hale and is started by `command`.
//   GET /inventory        everything      GET /inventory/:sku   one thing      GET /readyz   its readiness probe
import { createServer } from 'node:http';
import { openDrillDoor, probeIsGood } from './drill-door.ts';

const shelf = { apple: 120, bandage: 40, kettle: 12, lamp: 30, pillow: 8, tea: 200 };

const server = createServer((req, res) => {
  if (openDrillDoor(req, res)) return undefined;
  const [, root, sku] = (req.url ?? '').split('/');
  const answer = (status, value) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (root === 'readyz') return answer(probeIsGood() ? 200 : 503, { ready: probeIsGood() });
  if (req.method !== 'GET' || root !== 'inventory') return answer(404, { error: 'not found' });
  if (!sku) return answer(200, shelf);
  if (!Object.hasOwn(shelf, sku)) return answer(404, { error: `no ${sku} here` });
  return answer(200, { sku, onShelf: shelf[sku] });
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
process.on('SIGTERM', () => server.close());
