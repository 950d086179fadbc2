// What stands behind every proxy of the table: answers 512 bytes to anything, on node:http. argv: port.
import { createServer } from 'node:http';

const body = Buffer.alloc(512, 'x');
const headers = ['Content-Type', 'text/plain', 'Content-Length', String(body.length)];
const server = createServer((req, res) => {
  req.resume();
  res.writeHead(200, headers);
  res.end(body);
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.argv[2]), '127.0.0.1');
