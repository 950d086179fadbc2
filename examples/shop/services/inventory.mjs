// The shelf: a plain JavaScript program that knows nothing of Hale and is started by `command`.
//   GET /inventory        everything      GET /inventory/:sku   one thing
import { createServer } from 'node:http';

const shelf = { apple: 120, bandage: 40, kettle: 12, lamp: 30, pillow: 8, tea: 200 };

const server = createServer((req, res) => {
  const [, root, sku] = (req.url ?? '').split('/');
  const answer = (status, value) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (req.method !== 'GET' || root !== 'inventory') return answer(404, { error: 'not found' });
  if (!sku) return answer(200, shelf);
  if (!Object.hasOwn(shelf, sku)) return answer(404, { error: `no ${sku} here` });
  answer(200, { sku, onShelf: shelf[sku] });
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
process.on('SIGTERM', () => server.close());
