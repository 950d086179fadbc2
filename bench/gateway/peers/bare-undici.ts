// The least a Node proxy can do: undici's stream API from request to response, no policies at all. argv: port, backend port.
import { createServer, type IncomingMessage } from 'node:http';
import { Pool } from 'undici';

const [port, backendPort] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${backendPort}`, { connections: 256, pipelining: 1 });
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);

function withoutHops(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const name in headers) if (!hopByHop.has(name)) out[name] = headers[name]!;
  return out;
}

const server = createServer((req, res) => {
  const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  const body = hasBody ? req : null;
  pool
    .stream({ path: req.url!, method: req.method!, headers: withoutHops(req.headers), body }, (answer) => {
      res.writeHead(answer.statusCode, withoutHops(answer.headers));
      return res;
    })
    .catch(() => res.destroy());
});
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');
