// The peer everybody knows: http-proxy with a keep-alive agent, nothing else switched on. argv: port, backend port.
import { Agent, createServer } from 'node:http';
// @ts-expect-error http-proxy carries no types
import httpProxy from 'http-proxy';

const [port, backendPort] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${backendPort}`,
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
});
proxy.on('error', (_error: Error, _req: unknown, res: { destroy(): void }) => res.destroy());
const server = createServer((req, res) => proxy.web(req, res));
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');
